import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Chunk } from './child.ts'
import type { Tried } from './run.ts'
import type { Scenario } from './scenario.ts'

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))
/** Where packages are, wherever this checkout finds them. */
const PACKAGES = fileURLToPath(new URL('../..', import.meta.resolve('esbuild')))
/**
 * A life leaves much behind that is soon forgotten. Each child has a core, and threads that help it to collect take more from its
 * neighbours than they give: a seventh of all time. More room than this falls out of the core's cache.
 */
const COLLECTS = ['--max-semi-space-size=16', '--no-parallel-scavenge']
/** Seeds of a chunk: enough to keep a child busy, few enough for all to end at nearly the same time. */
const CHUNK_SEEDS = 5
/** A seed takes milliseconds, on the real plugs seconds; one that takes this long will not end. */
const STALLED_MS = 120_000

/** What the children are to live through. */
export interface Work {
  readonly seeds: number
  readonly from: number
  readonly jobs: number
  readonly trace: string | null
  readonly only: readonly number[] | null
  readonly scenario: Scenario | null
  /** As in the options. */
  readonly adapters: 'sim' | 'real' | 'both' | null
  readonly realEvery: number
}

/** Lives through the seeds in child processes and answers in the order of the seeds. A child that dies breaks `run` at its seed. */
export async function tryInChildren(work: Work): Promise<readonly Tried[]> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-sim-'))
  const chunks = chunksOf(work, folder)
  const answers: (readonly Tried[] | undefined)[] = chunks.map(() => undefined)
  let next = 0
  let written = 0
  if (work.trace !== null) writeFileSync(work.trace, '')
  /** Appends the traces that are complete, in the order of the seeds. */
  const gather = (trace: string) => {
    for (; answers[written] !== undefined; written += 1) {
      const part = chunks[written]?.trace ?? ''
      if (existsSync(part)) appendFileSync(trace, readFileSync(part))
      rmSync(part, { force: true })
    }
  }
  let program = ''
  const employ = async () => {
    let child: Child | null = null
    for (let index = next++; index < chunks.length; index = next++) {
      if (child === null || child.process.exitCode !== null || child.process.signalCode !== null) child = start(program)
      answers[index] = await hand(child, chunks[index] as Chunk)
      if (work.trace !== null) gather(work.trace)
    }
    child?.process.stdin.end()
  }
  try {
    program = await packed(folder)
    await Promise.all(Array.from({ length: Math.min(work.jobs, chunks.length) }, employ))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return answers.flatMap((tried) => tried ?? [])
}

function chunksOf(work: Work, folder: string): readonly Chunk[] {
  const { seeds, from, jobs, trace, only, scenario } = work
  const all = Array.from({ length: seeds }, (_, index) => from + index)
  const size = Math.max(1, Math.min(CHUNK_SEEDS, Math.ceil(seeds / jobs)))
  return Array.from({ length: Math.ceil(seeds / size) }, (_, index) => ({
    lives: all.slice(index * size, (index + 1) * size).flatMap((seed) => livesOf(seed, work)),
    trace: trace === null ? null : join(folder, `${index}.jsonl`),
    only,
    scenario,
  }))
}

/** The lives of a seed: on one kind of plugs, or on both. */
export function livesOf(
  seed: number,
  { adapters: asked, realEvery, scenario }: Pick<Work, 'adapters' | 'realEvery' | 'scenario'>,
): Chunk['lives'] {
  const both = asked === 'both' || (asked === null && scenario === null && seed % realEvery === 0)
  const kinds = both ? (['sim', 'real'] as const) : [asked === 'real' ? ('real' as const) : ('sim' as const)]
  return kinds.map((adapters) => ({ seed, adapters }))
}

/** A child process, and what it answers line by line. */
interface Child {
  readonly process: ChildProcessByStdio<Writable, Readable, null>
  readonly lines: Interface
}

/**
 * The child's program, packed into one file as the function app is: a call from module to module costs a look into the other
 * module, and a life has millions of them. What real plugs need is a file of its own, and packages stay where they are.
 */
async function packed(folder: string): Promise<string> {
  await build({
    entryPoints: [CHILD],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'error',
  })
  symlinkSync(PACKAGES, join(folder, 'node_modules'), 'dir')
  return join(folder, 'child.mjs')
}

function start(program: string): Child {
  const child = spawn(process.execPath, [...COLLECTS, program], { stdio: ['pipe', 'pipe', 'inherit'] })
  // Whoever cannot be written to is dead, which `close` tells.
  child.stdin.on('error', () => {})
  return { process: child, lines: createInterface({ input: child.stdout }) }
}

/** Hands a chunk to a child; resolves when it has answered for every seed, or is gone. */
function hand({ process: child, lines }: Child, chunk: Chunk): Promise<readonly Tried[]> {
  const tried: Tried[] = []
  return new Promise((resolve) => {
    const stalled = () => child.kill('SIGKILL')
    let timer = setTimeout(stalled, STALLED_MS)
    const finish = () => {
      clearTimeout(timer)
      child.off('close', gone)
      lines.off('line', answered)
      resolve(tried)
    }
    const gone = (code: number | null, signal: string | null) => {
      const seed = chunk.lives[tried.length]?.seed ?? 0
      const how =
        signal === 'SIGKILL' ? `took more than ${STALLED_MS / 1000} s or was killed` : `died (${signal ?? code})`
      const left = chunk.lives.at(-1)?.seed ?? seed
      tried.push(
        lost(seed, `the process that lived seed ${seed} ${how}; seeds ${seed} to ${left} were not lived to their end`),
      )
      finish()
    }
    const answered = (line: string) => {
      clearTimeout(timer)
      timer = setTimeout(stalled, STALLED_MS)
      tried.push(JSON.parse(line) as Tried)
      if (tried.length === chunk.lives.length) finish()
    }
    child.on('close', gone)
    lines.on('line', answered)
    child.stdin.write(`${JSON.stringify(chunk)}\n`)
  })
}

function lost(seed: number, says: string): Tried {
  const nothing = { canaries: 0, simulatedMs: 0, events: 0, outcomes: {}, struck: {}, cells: [] }
  return { seed, ...nothing, violations: [{ invariant: 'run', says, n: 0 }] }
}
