/**
 * `npm run bench`: measures what is promised about speed and cost, a table for each part, and leaves with 1 when a target is
 * missed. `npm run bench -- calls load` runs only these parts; `--full` runs all 10,000 canaries. See README.md here.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchCalls } from './calls.ts'
import { benchCanaries } from './canaries.ts'
import { benchIntake } from './intake.ts'
import { benchLoadTime } from './load-time.ts'
import { type Part, tableOf } from './report.ts'

const PARTS: Readonly<Record<string, (folder: string, full: boolean) => Promise<Part>>> = {
  intake: benchIntake,
  calls: benchCalls,
  load: benchLoadTime,
  canaries: (_, full) => benchCanaries(full),
}

/** Runs the named parts, all where none is named; resolves to the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const named = args.filter((arg) => arg !== '--full')
  const unknown = named.find((name) => !Object.hasOwn(PARTS, name))
  if (unknown !== undefined) {
    process.stderr.write(
      `There is no bench ${JSON.stringify(unknown)}. Use ${Object.keys(PARTS).join(', ')}, --full.\n`,
    )
    return 2
  }
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'))
  let missed = 0
  try {
    for (const [name, bench] of Object.entries(PARTS)) {
      if (named.length > 0 && !named.includes(name)) continue
      const part = await bench(folder, args.includes('--full'))
      process.stdout.write(`${tableOf(part)}\n`)
      missed += part.figures.filter(({ met }) => met === false).length
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  process.stdout.write(missed === 0 ? '\nEvery target is met.\n' : `\n${missed} targets are missed.\n`)
  return missed === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
