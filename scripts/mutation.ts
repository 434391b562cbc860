import { hash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Mutant, plant } from './mutation/plant.ts'
import { reportOf } from './mutation/report.ts'
import { tryMutants } from './mutation/work.ts'

const USAGE = `npm run mutation -- [--only PATH] [--tests PATH] [--slowest MS] [--least PERCENT]
  --only PATH      the folder or file (a glob) whose mutants are tried (lib/{core,engine})
  --tests PATH     the folder or file (a glob) of the tests that are to find them (test/{core,engine,schema})
  --slowest MS     tests that take longer are not run for mutants (3000)
  --budget MS      so long, by their sound durations, one file's tests are run for one mutant; the rest is left out (10000)
  --least PERCENT  the score below which the command fails (85)
  --go-on          goes on with the run before, which was interrupted, or to which test files were added
The table is printed; what lives stands in reports/mutation/survivors.txt.
`
const FOLDER = 'reports/mutation'

const asked = read(process.argv.slice(2))
if (typeof asked === 'string') {
  process.stderr.write(`mutation: ${asked}\n${USAGE}`)
  process.exitCode = 2
} else process.exitCode = await run(asked)

interface Asked {
  readonly only: string
  readonly tests: string
  readonly slowestMs: number
  readonly budgetMs: number
  readonly least: number
  readonly goesOn: boolean
}

/** A string says what is wrong with the arguments. */
function read(args: string[]): Asked | string {
  const text = { type: 'string' } as const
  try {
    const numeric = { slowest: text, budget: text, least: text }
    const options = { only: text, tests: text, ...numeric, 'go-on': { type: 'boolean' } } as const
    const { values } = parseArgs({ args, options })
    const {
      only = 'lib/{core,engine}',
      tests = 'test/{core,engine,schema}',
      'go-on': goesOn = false,
      ...numbers
    } = values
    const { slowest = '3000', budget = '10000', least: percentage = '85' } = numbers
    const [slowestMs, budgetMs, least] = [Number(slowest), Number(budget), Number(percentage)]
    if (!(slowestMs > 0)) return `--slowest: '${numbers.slowest}' is not a number of milliseconds`
    if (!(budgetMs > 0)) return `--budget: '${numbers.budget}' is not a number of milliseconds`
    if (!(least >= 0 && least <= 100)) return `--least: '${numbers.least}' is not a percentage from 0 to 100`
    return { only, tests, slowestMs, budgetMs, least, goesOn }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function run({ only, tests, slowestMs, budgetMs, least, goesOn }: Asked): Promise<number> {
  const root = process.cwd()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const folder = join(root, FOLDER)
  const files = filesIn(only, '.ts')
  const testFiles = filesIn(tests, '.test.ts')
  if (files.length === 0 || testFiles.length === 0) {
    console.error(
      `mutation: nothing to do: ${files.length} files in ${only}, ${testFiles.length} test files in ${tests}`,
    )
    return 2
  }
  if (!goesOn) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const ground = { root, planted: join(folder, 'planted'), book: join(folder, 'book.jsonl'), slowestMs, budgetMs }
  const mutants = await mutantsOf(root, files, ground.planted, join(folder, 'mutants.json'))
  if (mutants === null) {
    console.error(
      'mutation: the code has changed since the run before, so that its book says nothing; run it without --go-on',
    )
    return 2
  }
  console.log(`${mutants.length} mutants in ${files.length} files`)
  const told = await tryMutants(ground, testFiles, (line) => console.error(line))
  const report = reportOf(mutants, told)
  writeFileSync(join(folder, 'survivors.txt'), `${report.survivors.join('\n')}\n`)
  console.log(report.table.join('\n'))
  for (const complaint of told.complaints) console.error(complaint)
  return told.complaints.length > 0 || report.score < least ? 1 : 0
}

function filesIn(path: string, ending: string): readonly string[] {
  return globSync(path.endsWith('.ts') ? path : `${path}/**/*${ending}`).toSorted()
}

/** The mutants of these files, planted: anew, or as the run before did it; null where the code is another one since. */
async function mutantsOf(
  root: string,
  files: readonly string[],
  planted: string,
  path: string,
): Promise<readonly Mutant[] | null> {
  const of = hash('sha256', files.map((file) => `${file}\n${readFileSync(join(root, file), 'utf8')}`).join('\n'))
  if (existsSync(path)) {
    const before = JSON.parse(readFileSync(path, 'utf8')) as { of: string; mutants: readonly Mutant[] }
    return before.of === of ? before.mutants : null
  }
  const mutants = await plant(root, files, planted)
  writeFileSync(path, JSON.stringify({ of, mutants }))
  return mutants
}
