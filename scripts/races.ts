import { parseArgs } from 'node:util'
import { bySeed } from '../sim/choose.ts'
import { RACES, runRace } from '../test/support/races.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
  },
})
const [from, count] = [Number(values.from), Number(values.count)]
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
