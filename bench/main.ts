/**
 * `npm run bench`: measures what is promised about speed and cost, a table for each part, and leaves with 1 when a target is
 * missed. `npm run bench -- calls load` runs only these parts; `--full` runs all 10,000 canaries and breaches and the whole proof of the
 * judge, which `--json FILE` also writes as data. See README.md here.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchAudit } from './audit.ts'
import { benchCalls } from './calls.ts'
import { benchCanaries } from './canaries.ts'
import { benchIntake } from './intake.ts'
import { benchJudge } from './judge/judge.ts'
import { benchLoadTime } from './load-time.ts'
import { type Part, tableOf } from './report.ts'
import { benchRollback } from './rollback.ts'
import { benchScale } from './scale.ts'

interface Options {
  readonly full: boolean
  readonly json: string | null
}

const PARTS: Readonly<Record<string, (folder: string, options: Options) => Promise<Part>>> = {
  intake: benchIntake,
  calls: (_, { full }) => benchCalls(full),
  load: benchLoadTime,
  scale: (_, { full, json }) => benchScale(full, json),
  canaries: (_, { full }) => benchCanaries(full),
  audit: benchAudit,
  rollback: (_, { full }) => benchRollback(full),
  judge: (_, { full, json }) => benchJudge(full, json),
}

/** Runs the named parts, all where none is named; resolves to the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals: named } = read(args)
  const options: Options = { full: values.full, json: values.json ?? null }
  const unknown = named.find((name) => !Object.hasOwn(PARTS, name))
  if (unknown !== undefined) {
    process.stderr.write(
      `There is no bench ${JSON.stringify(unknown)}. Use ${Object.keys(PARTS).join(', ')}, --full, --json FILE.\n`,
    )
    return 2
  }
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'))
  let missed = 0
  try {
    for (const [name, bench] of Object.entries(PARTS)) {
      if (named.length > 0 && !named.includes(name)) continue
      const part = await bench(folder, options)
      process.stdout.write(`${tableOf(part)}\n`)
      missed += part.figures.filter(({ met }) => met === false).length
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  process.stdout.write(missed === 0 ? '\nEvery target is met.\n' : `\n${missed} targets are missed.\n`)
  return missed === 0 ? 0 : 1
}

function read(args: readonly string[]) {
  const options = { full: { type: 'boolean', default: false }, json: { type: 'string' } } as const
  return parseArgs({ args: [...args], options, allowPositionals: true })
}

process.exitCode = await main(process.argv.slice(2))
