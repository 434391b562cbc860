import { expect, test } from 'vitest'
import { bySeed } from '../../sim/choose.ts'
import { CHORES, tryChore, tryPairs } from '../support/chore-races.ts'
import { sweepDying } from '../support/chores.ts'
import { ASIDE } from '../support/chores-aside.ts'
import { PEOPLE } from '../support/chores-people.ts'

/** A generous ceiling: each race is run some dozen times. */
const PATIENCE = { timeout: 120_000 }
/** Where setting the scene takes longer than the race, `npm run races -- --pairs` tries them all. */
const SEEDS = 4

test.each(CHORES)('$name end well on the real plugs, whoever goes on next', PATIENCE, async (race) => {
  for (let seed = 1; seed <= SEEDS; seed += 1) await tryChore(race, `seed ${seed}`, bySeed(seed))
})

test.each([...ASIDE, ...PEOPLE])(
  '$name end well on the real plugs, in both orders of every pair of writes',
  PATIENCE,
  async (race) => {
    expect(await tryPairs(race)).toBeGreaterThanOrEqual(0)
  },
)

test('what a worker has claimed when it dies is looked at when its claim is over', PATIENCE, async () => {
  for (const moment of ['before', 'after'] as const) {
    for (let nth = 2; ; nth += 5) {
      const died = await sweepDying(bySeed(nth), (gate) => {
        return gate.worker === 0 && gate.nth === nth && gate.moment === moment ? 'die' : 'go'
      })
      if (died) continue
      expect(nth).toBeGreaterThan(10)
      break
    }
  }
})
