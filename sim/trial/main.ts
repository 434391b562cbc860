import { tryInChildren } from './children.ts'
import { HOW_TO_KEEP, keptText, scenarioIn } from './kept.ts'
import { readOptions, type SimOptions, USAGE } from './options.ts'
import type { Broken, Tried } from './run.ts'
import type { Scenario } from './scenario.ts'
import { keepOnly, shrink } from './shrink.ts'
import { emptiness, summarize, summaryJson, summaryText } from './summary.ts'
import { scenarioOf } from './wire/scenario.ts'

/** Of one promise this many seeds are told; the rest are counted. */
const TOLD_PER_INVARIANT = 3

/** A broken promise as it is printed. */
interface Problem extends Broken {
  readonly seed: number
  readonly reproduce: string
}

const options = readOptions(process.argv.slice(2))
if (typeof options === 'string') refuse(options)
else if (options.keep) keep(options)
else await run(options)

async function run(options: SimOptions): Promise<void> {
  const scenario = options.scenario === null ? null : readScenario(options.scenario)
  const began = performance.now()
  const tried = await tryInChildren({ ...options, scenario })
  const seconds = (performance.now() - began) / 1000
  const summary = summarize(tried, seconds, Math.min(options.jobs, options.seeds))
  const problems: Problem[] = []
  for (const told of toldOf(tried)) problems.push(await problemOf(options, scenario, told))
  const empty = emptiness(summary, options.only !== null || scenario !== null)
  process.stdout.write(options.json ? summaryJson(summary, problems) : summaryText(summary))
  for (const { seed, invariant, says, n, reproduce } of options.json ? [] : problems)
    process.stdout.write(`\nseed ${seed} broke ${invariant}: ${says} (event ${n})\n  ${reproduce}\n`)
  if (empty !== null) process.stderr.write(`\nsim: ${empty}\n`)
  if (empty !== null || tried.some(({ violations }) => violations.length > 0)) process.exitCode = 1
}

/** A broken promise, and which life broke it. */
interface Told {
  readonly seed: number
  readonly adapters: 'sim' | 'real'
  readonly broken: Broken
}

/** Of each seed the first violation of each promise, and of each promise the first few seeds. */
function toldOf(tried: readonly Tried[]): readonly Told[] {
  const told = new Map<string, number>()
  return tried.flatMap(({ seed, adapters: real, violations }) => {
    const adapters: Told['adapters'] = real ?? 'sim'
    const firsts = violations.filter(
      (one, index) => violations.findIndex((x) => x.invariant === one.invariant) === index,
    )
    return firsts.flatMap((broken) => {
      const count = (told.get(broken.invariant) ?? 0) + 1
      told.set(broken.invariant, count)
      return count <= TOLD_PER_INVARIANT ? [{ seed, adapters, broken }] : []
    })
  })
}

async function problemOf(
  options: SimOptions,
  scenario: Scenario | null,
  { seed, adapters, broken }: Told,
): Promise<Problem> {
  const plugs = adapters === 'real' && scenario === null ? ' --adapters real' : ''
  const source = scenario === null ? `--seeds 1 --from ${seed}${plugs}` : `--scenario ${options.scenario}`
  const whole = scenario ?? scenarioOf(seed, adapters)
  const tried = options.only === null ? whole : keepOnly(whole, options.only)
  // A process that died cannot be tried again in this one.
  const isLost = broken.invariant === 'run' && broken.n === 0
  const least = options.shrink && !isLost ? await shrink(tried, broken.invariant) : tried
  const only = least === whole ? '' : ` --only ${least.items.map(({ id }) => id).join(',') || 'none'}`
  return { seed, ...broken, reproduce: `npm run sim -- ${source}${only}` }
}

function keep(options: SimOptions): void {
  process.stderr.write(HOW_TO_KEEP)
  if (options.only === null && options.scenario === null) return
  const drawn = () => scenarioOf(options.from, options.adapters === 'real' ? 'real' : 'sim')
  const whole = options.scenario === null ? drawn() : readScenario(options.scenario)
  const scenario = options.only === null ? whole : keepOnly(whole, options.only)
  process.stdout.write(keptText({ why: 'SAY WHY', invariant: 'run', plant: null, scenario }))
}

function readScenario(file: string): Scenario {
  try {
    return scenarioIn(file)
  } catch (error) {
    return refuse(`--scenario: ${error instanceof Error ? error.message : error}`)
  }
}

function refuse(says: string): never {
  process.stderr.write(`sim: ${says}\n\n${USAGE}`)
  process.exit(2)
}
