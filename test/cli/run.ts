import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const SLIPWAY = join(ROOT, 'cli', 'slipway.mjs')

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Starts `slipway` as its own process, as npx does. `node` is another Node to start it with. */
export function slipway(
  args: readonly string[],
  more: {
    readonly env?: Readonly<Record<string, string>>
    readonly input?: string
    readonly node?: string
    readonly cwd?: string
  } = {},
): Promise<Said> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== 'NO_COLOR' && !name.startsWith('SLIPWAY_')),
  )
  return said(more.node ?? process.execPath, [SLIPWAY, ...args], {
    env: { ...env, ...more.env },
    input: more.input ?? '',
    cwd: more.cwd ?? ROOT,
  })
}

/** Runs a program to its end. */
export function said(
  program: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly input?: string; readonly cwd: string },
): Promise<Said> {
  const { env, cwd, input = '' } = options
  const child = spawn(program, [...args], { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  // A program that reads no input closes its end early; that is its right.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

/** A folder of files that is gone after the work. */
export async function withFiles<T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  work: (path: (name: string) => string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-cli-'))
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
    return await work((name) => join(folder, name))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A manifest of one service; `analysis` and `steps` are YAML. */
export function manifestText(steps = '[ { setWeight: 10 }, { bake: 1h } ]', analysis = ONE_KPI): string {
  return `name: pricing
environment: production
target: { subscription: 00000000-0000-0000-0000-000000000001, resourceGroup: rides, containerApp: pricing }
image: { registry: registry.example.com, repository: pricing, tags: "v*" }
strategy: { canary: { steps: ${steps} } }
analysis: ${analysis}
`
}

/** One KPI on errors with a limit of 1 %, no warm-up. */
export const ONE_KPI = '{ warmUp: 0s, kpis: [ { name: errors, errorRate: { limit: 1% } } ] }'

/** Rows of the CSV, with history: minute by minute, `bad` of `total` for the canary beside a calm stable revision. */
export function bucketsText(minutes: number, bad: (minute: number) => number, total = 300): string {
  const history = Array.from({ length: 60 }, (_, index) => `${index - 60},errors,baseline,10,3000`)
  const rows = Array.from({ length: minutes }, (_, minute) => [
    `${minute},errors,canary,${bad(minute)},${total}`,
    `${minute},errors,baseline,9,${total * 9}`,
  ])
  return `${['minute,kpi,arm,bad,total', ...history, ...rows.flat()].join('\n')}\n`
}
