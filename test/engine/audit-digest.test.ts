import { expect, test } from 'vitest'
import { checkDigests } from '../../lib/core/digest-check.ts'
import { publicKeys, writeDigests } from '../../lib/engine/audit-digest.ts'
import { Fault } from '../../lib/errors.ts'
import type { Digests } from '../../lib/ports.ts'
import type { Stage } from '../../sim/runner.ts'
import { aPen, sha256 } from '../support/digests.ts'
import { givenPricing, version } from '../support/story.ts'

const HOUR = 3_600_000
const PEN = aPen('pen')
const SIGNER = { sign: async (text: string) => PEN.sign(text), publicKeys: async () => [] }

/** A service with a history, at a full hour, and what writes digests of it. */
async function given() {
  const stage = await givenPricing()
  await stage.push(version(2))
  let now = Math.ceil(stage.clock.now() / HOUR) * HOUR
  const wheel = { ...stage.wheel, clock: { now: () => now } }
  const write = async (digests: Digests = stage.store.digests, signer = SIGNER) => {
    const [one] = await writeDigests(wheel, { digests, signer }, ['production'])
    return one
  }
  return { stage, wheel, write, pass: (ms: number) => (now += ms) }
}

const kept = async ({ store }: Stage) => (await store.digests.page('production', 100, null)).items.toReversed()

async function checked(stage: Stage) {
  const rows = stage.store.auditOf({ environment: 'production', name: 'pricing' })
  return checkDigests('production', await kept(stage), {
    digest: sha256,
    verifySignature: PEN.check,
    hashAt: (entityId, seq) => (entityId === 'production/pricing' ? (rows[seq - 1]?.hash ?? null) : undefined),
  })
}

test('each hour has one digest, however often it is asked for, and they prove the history', async () => {
  const { stage, write, pass } = await given()
  expect((await write())?.result).toBe('written')
  expect((await write())?.result).toBe('known')
  pass(HOUR - 1)
  expect((await write())?.result).toBe('known')
  pass(1)
  await stage.push(version(3))
  expect((await write())?.result).toBe('written')
  const [first, second] = await kept(stage)
  const rows = stage.store.auditOf({ environment: 'production', name: 'pricing' })
  expect(second?.heads).toEqual([{ entityId: 'production/pricing', seq: rows.length, hash: rows.at(-1)?.hash }])
  expect(second?.previousHash).toBe(first?.hash)
  expect(await checked(stage)).toMatchObject({ digests: 2, proven: { number: 2 }, broken: [] })
})

test('hours that were missed are made up by one digest', async () => {
  const { stage, write, pass } = await given()
  await write()
  pass(9 * HOUR)
  await write()
  expect((await kept(stage)).map(({ number }) => number)).toEqual([1, 2])
  expect((await checked(stage)).broken).toEqual([])
})

test('two that write at once leave one digest', async () => {
  const { stage, write } = await given()
  const both = await Promise.all([write(), write()])
  expect(both.map((one) => one?.result).sort()).toEqual(['known', 'written'])
  expect(await kept(stage)).toHaveLength(1)
})

test.each(['before', 'after'])('a crash %s the digest is stored leaves a chain that goes on', async (moment) => {
  const { stage, write, pass } = await given()
  await write()
  pass(HOUR)
  const { digests } = stage.store
  const dying: Digests = {
    page: digests.page,
    append: async (digest) => {
      if (moment === 'after') await digests.append(digest)
      throw new Fault('unavailable', 'the answer was lost')
    },
  }
  expect(await write(dying)).toMatchObject({ result: 'failed', error: { kind: 'unavailable' } })
  expect((await write())?.result).toBe(moment === 'after' ? 'known' : 'written')
  pass(HOUR)
  await write()
  expect(await checked(stage)).toMatchObject({ digests: 3, proven: { number: 3 }, broken: [] })
})

test('what fails in one environment stops no other, and stores nothing', async () => {
  const { stage, wheel } = await given()
  const freezes = {
    ...wheel.freezes,
    freezesOf: async (environment: string) => {
      if (environment === 'staging') throw new Fault('malformed', 'the row is broken')
      return stage.store.freezesOf(environment)
    },
  }
  const notary = { digests: stage.store.digests, signer: SIGNER }
  const results = await writeDigests({ ...wheel, freezes }, notary, ['staging', 'production'])
  expect(results).toMatchObject([
    { environment: 'staging', result: 'failed', error: { message: 'the row is broken' } },
    { environment: 'production', result: 'written', error: null },
  ])
  expect((await stage.store.digests.page('staging', 1, null)).items).toEqual([])
})

test('without a key no digest is written, and the reason is given', async () => {
  const { stage, write } = await given()
  const none = { ...SIGNER, sign: () => Promise.reject(new Fault('not-found', 'there is no such secret')) }
  expect(await write(undefined, none)).toMatchObject({ result: 'failed', error: { kind: 'not-found' } })
  expect(await kept(stage)).toEqual([])
})

test('a number that is taken by what cannot be read is told', async () => {
  const { write } = await given()
  const hidden: Digests = { page: async () => ({ items: [], next: null }), append: async () => 'conflict' }
  const answer = await write(hidden)
  expect(answer).toMatchObject({ result: 'failed', error: { kind: 'conflict' } })
  expect(String(answer?.error)).toContain('its next number is taken')
})

test('public keys are none where nobody has made one, and a vault that is down is no answer', async () => {
  const failing = (kind: Fault['kind']) => ({ publicKeys: () => Promise.reject(new Fault(kind, 'no')) })
  expect(await publicKeys(failing('not-found'))).toEqual([])
  await expect(publicKeys(failing('unavailable'))).rejects.toMatchObject({ kind: 'unavailable' })
  const broken = { publicKeys: () => Promise.reject(new TypeError('a bug')) }
  await expect(publicKeys(broken)).rejects.toThrow('a bug')
})
