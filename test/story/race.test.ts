import { describe, expect, test } from 'vitest'
import { notify } from '../../lib/engine/notify.ts'
import { bySeed, explore, inOrder } from '../../sim/choose.ts'
import { type Chooser, createSchedule } from '../../sim/schedule.ts'
import { createPlace } from '../support/places.ts'
import { ENV, ids, notices, scene } from '../support/postman.ts'
import { RACES, type Race, runRace, writesOf } from '../support/races.ts'

/** A generous ceiling: each race is run some hundred times. */
const PATIENCE = { timeout: 240_000 }
const SEEDS = 30

async function tried(race: Race, how: string, choose: Chooser): Promise<void> {
  try {
    await runRace(race, choose)
  } catch (error) {
    throw new Error(`${race.name}, ${how}: ${String(error)}`, { cause: error })
  }
}

describe.each(RACES)('$name', (race) => {
  test('ends well in both orders of every pair of writes', PATIENCE, async () => {
    const counts = await writesOf(race)
    for (const [one, ofOne] of counts.entries()) {
      for (const [other, ofOther] of counts.entries()) {
        if (one === other) continue
        for (let i = 1; i <= ofOne; i += 1) {
          for (let j = 1; j <= ofOther; j += 1) {
            const how = `write ${i} of worker ${one} right before write ${j} of worker ${other}`
            await tried(race, how, inOrder({ worker: one, write: i }, { worker: other, write: j }))
          }
        }
      }
    }
    expect(counts.some((writes) => writes > 0)).toBe(true)
  })

  test('ends well whoever goes on next', PATIENCE, async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) await tried(race, `seed ${seed}`, bySeed(seed))
  })
})

test.each(RACES.filter(({ works }) => works.length === 2).slice(0, 3))(
  '$name, ends well in every order of calls with one interruption',
  PATIENCE,
  async (race) => {
    const explored = await explore({ switches: 1, limit: 80 }, async (choose) => void (await runRace(race, choose)))
    expect(explored.isComplete).toBe(true)
    expect(explored.schedules).toBeGreaterThan(10)
  },
)

test('two rounds of telling at once tell every sink everything once, and in order', PATIENCE, async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const place = createPlace('ops')
    const { outbox, clock, chance } = scene(place)
    outbox.put(notices(1, 3))
    const schedule = createSchedule({ choose: bySeed(seed) })
    const rounds = [0, 1].map(() => {
      const worker = schedule.worker({ outbox, notifier: place.notifier, clock })
      const { tell } = worker.sockets.notifier
      const sinks = [{ ...place, notifier: { hasThreads: true, tell } }]
      const postman = { clock, chance, sinks, outbox: worker.sockets.outbox }
      return schedule.start(worker, () => notify(postman, ENV))
    })
    const settled = Promise.all(rounds)
    await schedule.settle()
    expect((await settled).flatMap(({ troubles }) => troubles)).toEqual([])
    await notify({ outbox, clock, chance, sinks: [place] }, ENV)
    expect(place.taken, `seed ${seed}`).toEqual(ids(1, 2, 3))
  }
})
