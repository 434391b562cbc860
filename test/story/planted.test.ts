import { describe, expect, test } from 'vitest'
import { sealAs } from '../../lib/core/chain.ts'
import { entityId } from '../../lib/core/service.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { Reply } from '../../sim/azure/serve.ts'
import { bySeed } from '../../sim/choose.ts'
import type { Chooser } from '../../sim/schedule.ts'
import type { Wire } from '../../sim/wire.ts'
import { CHORES, runChore } from '../support/chore-races.ts'
import { RACES, runRace } from '../support/races.ts'

const PATIENCE = { timeout: 120_000 }
const SEEDS = 16

/** Who lost a race writes all the same, behind what was stored meanwhile, and without deciding anew. */
const lastWriteWins = (wheel: Wheel): Wheel => ({
  ...wheel,
  store: {
    ...wheel.store,
    commit: async (change) => {
      const answer = await wheel.store.commit(change)
      const [stored] = answer === 'saved' ? [] : await wheel.store.load(change.key.environment, [change.key.name])
      if (stored === undefined) return answer
      const at = change.audit[0]?.happenedAt ?? 0
      const { rows, chain } = sealAs(entityId(change.key), stored.service.chain, change.audit, at, wheel.digest)
      const service = { ...(change.service ?? stored.service), chain }
      return wheel.store.commit({ ...change, audit: rows, service, token: stored.token })
    },
  },
})

/** Writes whatever others have written since it read, by itself or in a transaction. */
const heedless = (wire: Wire): Wire => {
  return (request) => {
    const header = (name: string) => {
      const value = request.header(name)
      return value !== undefined && name.toLowerCase() === 'if-match' ? '*' : value
    }
    return wire({ ...request, header, body: request.body.replace(/^If-Match: .*$/gim, 'If-Match: *') })
  }
}

/** Reads everything once, and goes by that for ever. */
const remembering = (wire: Wire): Wire => {
  const known = new Map<string, Promise<Reply>>()
  return (request) => {
    if (request.method !== 'GET') return wire(request)
    const reply = known.get(request.url.href) ?? Promise.resolve(wire(request))
    known.set(request.url.href, reply)
    return reply
  }
}

/** Some order of calls shows the bug: a promise of the race is broken, and not the race itself. */
async function expectFound(run: (choose: Chooser) => Promise<unknown>): Promise<void> {
  let found: unknown = null
  for (let seed = 1; seed <= SEEDS && found === null; seed += 1) {
    await run(bySeed(seed)).catch((error: unknown) => {
      found = error
    })
  }
  expect(found).toMatchObject({ name: 'AssertionError' })
}

describe('a worker that lost a race and writes all the same is found by the race of', () => {
  test.each([
    'sweep and abort, when the canary is to be made',
    'sweep and abort, when the first bake is over',
    'sweep and promote, when the gate waits',
    'two approvals and a sweep, when the gate waits',
    'promote and abort, when the gate waits',
    'the same push twice, when nothing runs',
    'two pushes, when nothing runs',
    'sweep and a newer push, when the first bake is over',
    'abort and a newer push, when the first bake is over',
    'undo and sweep, when the promotion is watched',
    'undo and undo, when the promotion is watched',
    'undo and a newer push, when the promotion is watched',
  ])('%s', PATIENCE, async (name) => {
    const race = RACES.find((one) => one.name === name)
    if (race === undefined) throw new Error(`no race is called ${name}`)
    await expectFound((choose) => runRace(race, choose, lastWriteWins))
  })
})

describe.each([
  [
    'does not heed what others have written',
    heedless,
    ['two that send it again', 'one that sends it again and one that dismisses it'],
  ],
  [
    'goes by what it once read',
    remembering,
    [
      '2 sweeps that share what is due, 1 at a time',
      'two sweeps that share what is due, and an abort',
      'two sweeps that share what is due, and a newer push',
      'a trim and a check',
      'two first deeds of one person',
      'three erasures',
    ],
  ],
] as const)('a plug that %s is found by the race of', (_, plant, names) => {
  test.each(names)('%s', PATIENCE, async (name) => {
    const race = CHORES.find((one) => one.name === name)
    if (race === undefined) throw new Error(`no race is called ${name}`)
    await expectFound((choose) => runChore(race, choose, plant))
  })
})
