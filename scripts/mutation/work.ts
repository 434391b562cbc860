import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Told, toldIn } from './book.ts'

/**
 * After so long without a line in the book or the end of a test, the mutant at work hangs: loops are stopped by a count, so this
 * is long enough for a busy machine. A sound run of a file may take longer.
 */
const HANG_MS = 120_000
const SOUND_MS = 900_000
const LOOK_MS = 1000

/** What a run of the mutants rests on. */
export interface Ground {
  readonly root: string
  /** Where the copies with the mutants are. */
  readonly planted: string
  readonly book: string
  /** Tests that take longer than this are run once and never for a mutant. */
  readonly slowestMs: number
}

/** Tries every mutant with these test files, one process at a time; one that hangs is ended, and the rest goes on. */
export async function tryMutants(
  ground: Ground,
  testFiles: readonly string[],
  say: (line: string) => void,
): Promise<Told> {
  for (;;) {
    const told = read(ground.book)
    const sick = new Set(told.complaints.map((complaint) => complaint.split(':')[0] ?? ''))
    const rest = testFiles.filter((file) => !told.done.has(file) && !sick.has(file))
    say(`${testFiles.length - rest.length} of ${testFiles.length} test files, ${told.ends.size} mutants found out`)
    if (rest.length === 0) return told
    const hung = await runOnce(ground, rest)
    if (!hung) return withUndone(read(ground.book), testFiles)
    for (const [file, mutant] of read(ground.book).open) {
      say(`${file} does not end under mutant ${mutant}`)
      appendFileSync(ground.book, `${JSON.stringify({ kind: 'hung', file, mutant })}\n`)
    }
  }
}

/** What was neither tried through nor refused: its tests could not even be run. */
function withUndone(told: Told, testFiles: readonly string[]): Told {
  const explained = (file: string) => told.done.has(file) || told.complaints.some((line) => line.startsWith(`${file}:`))
  const undone = testFiles.filter((file) => !explained(file))
  return { ...told, complaints: [...told.complaints, ...undone.map((file) => `${file}: its tests could not be run`)] }
}

function read(book: string): Told {
  return toldIn(existsSync(book) ? readFileSync(book, 'utf8') : '')
}

/** Whether it had to be ended. */
async function runOnce({ root, planted, book, slowestMs }: Ground, files: readonly string[]): Promise<boolean> {
  const args = ['run', '--config', 'scripts/mutation/vitest.config.ts', ...files]
  const child = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    // A group of its own, so that its workers end with it.
    detached: true,
    env: {
      ...withoutVitest(process.env),
      SLIPWAY_MUTATION_PLANTED: planted,
      SLIPWAY_MUTATION_BOOK: book,
      SLIPWAY_MUTATION_SLOWEST_MS: String(slowestMs),
    },
  })
  return await watched(child, book)
}

/** What a test that tries mutants is run with must not reach the tests that it runs. */
function withoutVitest(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(VITEST|VITE_|TEST$|NODE_V8_COVERAGE)/.test(name)),
  )
}

/** Whether the last line of the book says that a mutant is at work. */
function isTrying(book: string): boolean {
  return existsSync(book) && (readFileSync(book, 'utf8').split('\n').at(-2) ?? '').startsWith('{"kind":"try"')
}

async function watched(child: ChildProcess, book: string): Promise<boolean> {
  let hung = false
  // A loop without end would outlive the command that was interrupted.
  const end = () => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, 'SIGKILL')
  process.once('exit', end)
  const began = Date.now()
  const timer = setInterval(() => {
    const last = existsSync(book) ? Math.max(began, statSync(book).mtimeMs) : began
    const silentMs = Date.now() - last
    if (child.pid === undefined || silentMs < HANG_MS || (silentMs < SOUND_MS && !isTrying(book))) return
    hung = true
    process.kill(-child.pid, 'SIGKILL')
  }, LOOK_MS)
  await new Promise((resolve) => child.once('close', resolve))
  clearInterval(timer)
  process.off('exit', end)
  return hung
}
