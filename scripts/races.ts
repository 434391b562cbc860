import { parseArgs } from 'node:util'
import { bySeed } from '../sim/choose.ts'
import type { Chooser } from '../sim/schedule.ts'
import { CHORES, runChore, tryPairs } from '../test/support/chore-races.ts'
import { RACES, runRace } from '../test/support/races.ts'
import { optionsOr, wholeNumber } from './whole-number.ts'

const ALL: readonly { readonly name: string; readonly run: (choose: Chooser) => Promise<unknown> }[] = [
  ...RACES.map((race) => ({ name: race.name, run: (choose: Chooser) => runRace(race, choose) })),
  ...CHORES.map((race) => ({ name: race.name, run: (choose: Chooser) => runChore(race, choose) })),
]

const options = optionsOr('npm run races -- [--count N] [--from SEED] [--pairs]', () => {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '2000' },
      from: { type: 'string', default: '1' },
      pairs: { type: 'boolean', default: false },
    },
  })
  const { pairs } = values
  return { from: wholeNumber('from', values.from), count: wholeNumber('count', values.count, 1), pairs }
})
if (options !== null) await (options.pairs ? pair() : race(options.from, options.count))

async function race(from: number, count: number): Promise<void> {
  const began = performance.now()
  let failures = 0
  for (let seed = from; seed < from + count; seed += 1) {
    // A seed means the same race and the same order wherever a count begins.
    const race = ALL[seed % ALL.length]
    if (race === undefined) break
    try {
      await race.run(bySeed(seed))
    } catch (error) {
      failures += 1
      console.error(`${race.name}: ${String(error).slice(0, 500)}\n  npm run races -- --from ${seed} --count 1`)
    }
  }
  const seconds = (performance.now() - began) / 1000
  console.log(`${count} schedules of ${ALL.length} races in ${seconds.toFixed(0)} s, ${failures} failures`)
  process.exitCode = failures === 0 ? 0 : 1
}

/** Both orders of every pair of writes, where `npm test` tries only some. */
async function pair(): Promise<void> {
  let [tried, failures] = [0, 0]
  for (const race of CHORES) {
    try {
      tried += await tryPairs(race)
    } catch (error) {
      failures += 1
      console.error(String(error).slice(0, 500))
    }
  }
  console.log(`${tried} pairs of writes of ${CHORES.length} races, ${failures} races with a failure`)
  process.exitCode = failures === 0 ? 0 : 1
}
