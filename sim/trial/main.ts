import { appendFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { live } from './live.ts'
import { drawScenario } from './scenario.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, from: { type: 'string' }, trace: { type: 'string' } },
})
const seeds = Number(values.seeds ?? 100)
const from = Number(values.from ?? 1)
if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(from) || from < 0) {
  process.stderr.write('npm run sim -- --seeds N --from S [--trace FILE]: N and S are whole numbers, N at least 1\n')
  process.exit(2)
}
if (values.trace !== undefined) writeFileSync(values.trace, '')
const total = { canaries: 0, hours: 0, events: 0 }
const began = performance.now()
for (let seed = from; seed < from + seeds; seed += 1) {
  const lines: string[] = []
  const lived = await live(drawScenario(seed), (event) => {
    if (values.trace !== undefined) lines.push(JSON.stringify(event))
  })
  if (values.trace !== undefined) appendFileSync(values.trace, `${lines.join('\n')}\n`)
  total.canaries += lived.canaries
  total.hours += lived.simulatedMs / 3_600_000
  total.events += lived.events
}
const seconds = (performance.now() - began) / 1000
process.stdout.write(
  `${seeds} seeds, ${total.canaries} canaries, ${Math.round(total.hours)} simulated hours, ${total.events} events, ${(seeds / seconds).toFixed(1)} seeds a second\n`,
)
