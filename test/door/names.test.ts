import { expect, test } from 'vitest'
import type { Names } from '../../lib/core/people.ts'
import type { Identify, OperatorRules } from '../../lib/door/operator.ts'
import { operatorDoor } from '../../lib/door/operator.ts'
import { problem, type Reply } from '../../lib/door.ts'
import { aCaller } from '../support/callers.ts'
import { send } from './support.ts'

const ADA = 'person:0123456789abcdef'
const GONE = 'person:ghjkmnpqrstvwxyz'
const NAMES: Names = new Map([
  [ADA, 'ada@example.com'],
  [GONE, null],
])

async function answered(reply: Reply, people?: OperatorRules['people'], names: Identify['names'] = async () => NAMES) {
  const who = async () => ({ kind: 'known', caller: aCaller() }) as const
  const identify = Object.assign(who, names === undefined ? {} : { names })
  const handler = operatorDoor(['list-freezes'], identify, () => reply, people === undefined ? {} : { people })
  return send(handler, { method: 'GET', url: 'https://slipway.test/api/v1/freezes' })
}

test('answers have names in the place of pseudonyms, and those who are gone are erased persons', async () => {
  const reply = { jsonBody: { items: [{ by: ADA, reason: `for ${GONE}` }], nextLink: null } }
  expect((await answered(reply)).json).toEqual({
    items: [{ by: 'ada@example.com', reason: 'for erased person' }],
    nextLink: null,
  })
  const refused = await answered(problem(409, 'conflict', `${ADA} pushed it`))
  expect([refused.status, refused.json.detail]).toEqual([409, 'ada@example.com pushed it'])
  expect((await answered({ status: 204 })).status).toBe(204)
})

test('rows that are hashed stay as they are, with the names beside them and in their sentences', async () => {
  const row = { actor: ADA, notes: `by ${ADA}`, sentence: `aborted [by ${ADA}]` }
  const seen = await answered({ jsonBody: { items: [row], nextLink: null } }, 'beside')
  expect(seen.json).toEqual({
    items: [{ ...row, sentence: 'aborted [by ada@example.com]' }],
    nextLink: null,
    people: { [ADA]: 'ada@example.com', [GONE]: null },
  })
  const none = await answered({ jsonBody: { items: [], nextLink: null } }, 'beside', async () => new Map())
  expect(none.json).toEqual({ items: [], nextLink: null, people: {} })
  expect((await answered({ body: `as,csv\r\n${ADA}` }, 'beside')).text).toBe(`as,csv\r\n${ADA}`)
})

test('what will be sent back, and what nobody can look up, stays as it is stored', async () => {
  const reply = { jsonBody: { from: [ADA] } }
  expect((await answered(reply, 'kept')).json).toEqual({ from: [ADA] })
  expect((await answered(reply, 'named', async () => new Map())).json).toEqual({ from: [ADA] })
})

test('only the pseudonyms of an answer are looked up', async () => {
  const asked: string[][] = []
  const names = async (pseudonyms: ReadonlySet<string>) => {
    asked.push([...pseudonyms])
    return NAMES
  }
  await answered({ jsonBody: { by: ADA, other: 'person:none' } }, 'named', names)
  expect(asked).toEqual([[ADA]])
})
