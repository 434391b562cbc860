import { appendFileSync, existsSync, readFileSync, utimesSync } from 'node:fs'
import { relative } from 'node:path'
import { type RunnerTask, type RunnerTestCase, type RunnerTestFile, type RunnerTestSuite, TestRunner } from 'vitest'
import { type Line, toldIn } from './book.ts'
import { switches } from './switches.ts'

/** By mutant id, how often the code ran. */
type Hits = ReadonlyMap<number, number>

/** A mutant that makes a loop run this many times longer than the sound code is taken to run for ever. */
const LONGER = 100
const TICK_MS = 100
const BOOK = process.env.SLIPWAY_MUTATION_BOOK ?? ''
const SLOWEST_MS = Number(process.env.SLIPWAY_MUTATION_SLOWEST_MS)
const BUDGET_MS = Number(process.env.SLIPWAY_MUTATION_BUDGET_MS)

/**
 * Runs each test file once soundly, and then, without leaving the process, each test again for every mutant that it went
 * through: the quickest test first, until one fails. What was found stands in the book, line by line, so that a mutant that
 * hangs the process costs no more than itself.
 */
export default class MutationRunner extends TestRunner {
  private readonly reached = new Map<string, Hits>()
  private readonly loading = new Set<number>()

  override onBeforeTryTask(test: RunnerTask, options: { retry: number; repeats: number }): void {
    super.onBeforeTryTask(test, options)
    for (const id of taken().keys()) this.loading.add(id)
  }

  override onAfterRunTask(test: RunnerTask): void {
    this.reached.set(test.id, taken())
    super.onAfterRunTask(test)
  }

  override async onAfterRunFiles(files: RunnerTestFile[]): Promise<void> {
    const { hits } = switches()
    switches().hits = null
    for (const file of files) await tryAll(file, this.reached, this.loading)
    switches().hits = hits
    super.onAfterRunFiles(files)
  }
}

/** What ran since this was last asked. */
function taken(): Hits {
  const ran = new Map<number, number>()
  const { hits } = switches()
  for (const [id, count] of hits?.entries() ?? []) if (count > 0) ran.set(id, count)
  hits?.fill(0)
  return ran
}

function write(line: Line): void {
  appendFileSync(BOOK, `${JSON.stringify(line)}\n`)
}

async function tryAll(
  file: RunnerTestFile,
  reached: ReadonlyMap<string, Hits>,
  loading: ReadonlySet<number>,
): Promise<void> {
  const name = relative(process.cwd(), file.filepath)
  const tests = testsOf(file.tasks)
  const sick = tests.find(({ result }) => result?.state === 'fail')
  if (sick !== undefined) return write({ kind: 'sick', file: name, test: sick.name })
  const told = toldIn(existsSync(BOOK) ? readFileSync(BOOK, 'utf8') : '')
  write({ kind: 'static', file: name, mutants: [...loading].map(String) })
  const quick = tests.filter(({ result }) => (result?.duration ?? 0) <= SLOWEST_MS)
  const byQuickness = quick.toSorted((a, b) => (a.result?.duration ?? 0) - (b.result?.duration ?? 0))
  for (const mutant of new Set([...reached.values()].flatMap((hits) => [...hits.keys()]).map(String))) {
    if (told.ends.has(mutant) || told.through.get(name)?.has(mutant)) continue
    write({ kind: 'try', file: name, mutant })
    const by = await killerOf(mutant, byQuickness, reached)
    write(by === null ? { kind: 'lives', file: name, mutant } : { kind: 'killed', file: name, mutant, by })
  }
  const polluted = await killerOf(null, byQuickness, reached)
  write({ kind: 'done', file: name, left: tests.length - quick.length, polluted })
}

function testsOf(tasks: readonly RunnerTask[]): readonly RunnerTestCase[] {
  return tasks.flatMap((task) => (task.type === 'suite' ? testsOf(task.tasks) : task.mode === 'run' ? [task] : []))
}

/** The name of the first test that fails under this mutant; null = all of them pass. */
async function killerOf(
  mutant: string | null,
  tests: readonly RunnerTestCase[],
  reached: ReadonlyMap<string, Hits>,
): Promise<string | null> {
  const state = switches()
  let spentMs = 0
  try {
    for (const test of tests) {
      const hits = mutant === null ? 0 : reached.get(test.id)?.get(Number(mutant))
      if (hits === undefined) continue
      // The last test after the mutants is of all of them.
      if (mutant !== null && spentMs >= BUDGET_MS) return null
      spentMs += test.result?.duration ?? 0
      state.active = mutant === null ? -1 : Number(mutant)
      state.ran = 0
      state.most = LONGER * hits + 1000
      const isPassed = await passes(test)
      beat()
      if (!isPassed) return test.name
    }
    return null
  } finally {
    state.active = -1
  }
}

/** The command sees by the book's time that this process still gets on: a mutant may go through many tests. */
function beat(): void {
  if (!existsSync(BOOK)) return
  const now = new Date()
  utimesSync(BOOK, now, now)
}

/**
 * A test under a mutant may wait so much longer than it took soundly. The time is counted in ticks of this process, not by the
 * clock on the wall: on a machine that is busy with other things it ticks slower, as the test runs slower.
 */
async function passes(test: RunnerTestCase): Promise<boolean> {
  let ticksLeft = (1000 + LONGER * (test.result?.duration ?? 0)) / TICK_MS
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setInterval(() => {
      ticksLeft -= 1
      if (ticksLeft <= 0) resolve(false)
    }, TICK_MS)
  })
  try {
    return await Promise.race([attempt(test), late])
  } catch {
    return false
  } finally {
    clearInterval(timer)
  }
}

/** Runs a test with what its file and its suites do before and after each test. */
async function attempt(test: RunnerTestCase): Promise<boolean> {
  const suites = suitesOf(test)
  try {
    for (const suite of suites)
      for (const hook of TestRunner.getSuiteHooks(suite).beforeEach) await hook(test.context, suite)
    await TestRunner.getTestFn(test)()
    return true
  } finally {
    for (const suite of suites.toReversed())
      for (const hook of TestRunner.getSuiteHooks(suite).afterEach) await hook(test.context, suite)
  }
}

/** The suites that a test stands in, the outermost, which is the file, first. */
function suitesOf({ file, suite }: RunnerTestCase): readonly RunnerTestSuite[] {
  const inner: RunnerTestSuite[] = []
  for (let at = suite; at !== undefined; at = at.suite) inner.unshift(at)
  return [file, ...inner]
}
