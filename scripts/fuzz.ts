import { parseArgs } from 'node:util'
import { fuzz } from '../test/fuzz/run.ts'
import { TARGETS } from '../test/fuzz/targets.ts'

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '100000' },
  },
})
const chosen = TARGETS.filter(({ name }) => values.target === undefined || values.target === name)
if (chosen.length === 0) {
  console.error(`no target ${values.target}; there are ${TARGETS.map(({ name }) => name).join(', ')}`)
  process.exitCode = 2
}
for (const target of chosen) {
  const count = Number(values.count)
  const began = performance.now()
  const found = fuzz(target, Number(values.seed), Number(values.from), count)
  const rate = Math.round((count * 1000) / (performance.now() - began))
  const heap = Math.round(process.memoryUsage().heapUsed / 2 ** 20)
  console.log(`${target.name.padEnd(20)} ${count} inputs, ${rate}/s, heap ${heap} MiB, ${found.length} findings`)
  for (const { what, again } of found) console.log(`  ${what.slice(0, 200)}\n  ${again}`)
  if (found.length > 0) process.exitCode = 1
}
