import { parseArgs } from 'node:util'
import type { Summary } from './history.ts'
import { historyOfFile } from './read.ts'
import { BadLine } from './shape.ts'
import { moment } from './words.ts'

const USAGE = 'npm run history -- FILE [--json]: FILE is a trace that npm run sim -- --trace FILE wrote'

process.exitCode = await run(process.argv.slice(2))

/** 0 = all was licensed, 1 = something was not, 2 = the file cannot be read. */
async function run(args: readonly string[]): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean' } },
      allowPositionals: true,
    })
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) throw new BadLine(USAGE)
    const summary = await historyOfFile(file)
    process.stdout.write(values.json ? `${JSON.stringify(summary)}\n` : said(summary))
    return summary.findings.length === 0 ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
}

function said(summary: Summary): string {
  const { seeds, rows, writes, edits, changes, decisions, windows, findings } = summary
  const counted = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, count]) => `  ${String(count).padStart(7)}  ${name}`)
  return `${[
    `${seeds} seeds, ${rows} audit rows, ${writes} writes of weights, ${edits} edits by others`,
    'weight changes, by the row that licensed them:',
    ...counted(changes),
    'decisions about traffic, by their ground:',
    ...counted(decisions),
    `${windows} windows of evidence checked`,
    `${findings.length === 0 ? 'nothing' : findings.length} found without a licence`,
    ...findings.map(({ line, seed, at, says }) => `line ${line}, seed ${seed}, ${moment(at)}: ${says}`),
  ].join('\n')}\n`
}
