import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Told, toldIn } from './book.ts'

/**
 * A mutant hangs its process where it has worked so long without the end of a test; a sound run of a file may take longer. It is
 * time of work, not of the clock on the wall, so that a machine that is busy with other things makes no mutant hang.
 */
const HANG_MS = 10_000
/** What waits for so long is not at work at all. */
const SOUND_MS = 900_000
const LOOK_MS = 2000

/** What a run of the mutants rests on. */
export interface Ground {
  readonly root: string
  /** Where the copies with the mutants are. */
  readonly planted: string
  readonly book: string
  /** Tests that take longer than this are run once and never for a mutant. */
  readonly slowestMs: number
  /** How long, by their sound durations, the tests of one file are run for one mutant. */
  readonly budgetMs: number
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
async function runOnce(
  { root, planted, book, slowestMs, budgetMs }: Ground,
  files: readonly string[],
): Promise<boolean> {
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
      SLIPWAY_MUTATION_BUDGET_MS: String(budgetMs),
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
  const { pid } = child
  if (pid === undefined) return false
  let hung = false
  // A loop without end would outlive the command that was interrupted.
  const end = () => child.exitCode === null && process.kill(-pid, 'SIGKILL')
  process.once('exit', end)
  const began = Date.now()
  let known = { beat: began, workedMs: 0 }
  const timer = setInterval(() => {
    const beat = existsSync(book) ? Math.max(began, statSync(book).mtimeMs) : began
    const silentMs = Date.now() - beat
    if (beat !== known.beat) known = { beat, workedMs: workedMs(pid) }
    if (silentMs < HANG_MS || (silentMs < SOUND_MS && !isTrying(book))) return
    if (silentMs < SOUND_MS && workedMs(pid) - known.workedMs < HANG_MS) return
    hung = true
    process.kill(-pid, 'SIGKILL')
  }, LOOK_MS)
  await new Promise((resolve) => child.once('close', resolve))
  clearInterval(timer)
  process.off('exit', end)
  return hung
}

/** For how long the processes of a group have worked, all of them together; whole seconds, as `ps` tells them. */
function workedMs(group: number): number {
  const lines = execFileSync('ps', ['-A', '-o', 'pgid=,time='], { encoding: 'utf8' }).split('\n')
  const times = lines.map((line) => line.trim().split(/\s+/)).filter(([id]) => Number(id) === group)
  return times.reduce((sum, [, time = '']) => sum + millisecondsOf(time), 0)
}

/** `[[days-]hours:]minutes:seconds`. */
function millisecondsOf(time: string): number {
  const [days, clock] = time.includes('-') ? time.split('-') : ['0', time]
  const seconds = (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return (Number(days) * 86_400 + seconds) * 1000
}
