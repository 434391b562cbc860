import { parseArgs } from 'node:util'
import { bySeed } from '../sim/choose.ts'
import { RACES, runRace } from '../test/support/races.ts'
import { optionsOr, wholeNumber } from './whole-number.ts'

const options = optionsOr('npm run races -- [--count N] [--from SEED]', () => {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '2000' }, from: { type: 'string', default: '1' } },
  })
  return { from: wholeNumber('from', values.from), count: wholeNumber('count', values.count, 1) }
})
if (options !== null) await race(options.from, options.count)

async function race(from: number, count: number): Promise<void> {
  const began = performance.now()
  let failures = 0
  for (let seed = from; seed < from + count; seed += 1) {
    // A seed means the same race and the same order wherever a count begins.
    const race = RACES[seed % RACES.length]
    if (race === undefined) break
    try {
      await runRace(race, bySeed(seed))
    } catch (error) {
      failures += 1
      console.error(`${race.name}: ${String(error).slice(0, 500)}\n  npm run races -- --from ${seed} --count 1`)
    }
  }
  const seconds = (performance.now() - began) / 1000
  console.log(`${count} schedules of ${RACES.length} races in ${seconds.toFixed(0)} s, ${failures} failures`)
  process.exitCode = failures === 0 ? 0 : 1
}
