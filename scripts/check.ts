import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

const ROOT = join(import.meta.dirname, '..')
const BIN = join(ROOT, 'node_modules')

/** Everything that is checked without running the product, each with the command that repairs what it finds. */
const CHECKS = [
  {
    name: 'format and lint',
    args: ['@biomejs/biome/bin/biome', 'ci', '--colors=off', '.'],
    repair: 'npx biome check --write .',
  },
  { name: 'types', args: ['typescript/bin/tsc'], repair: 'mend what it names' },
  { name: 'types of the dashboard', args: ['typescript/bin/tsc', '-p', 'dashboard'], repair: 'mend what it names' },
  {
    name: 'walls',
    args: [
      'dependency-cruiser/bin/dependency-cruiser.mjs',
      'cli',
      'dashboard',
      'functions',
      'lib',
      'sim',
      '--config',
      '.dependency-cruiser.cjs',
    ],
    repair: 'see ARCHITECTURE.md for the walls, docs/decisions for how to move one',
  },
  { name: 'dead code', args: ['knip/bin/knip.js', '--no-progress'], repair: 'delete it' },
  {
    name: 'house rules',
    args: ['vitest/vitest.mjs', 'run', 'test/house', '--coverage.enabled=false'],
    repair: 'see CONTRIBUTING.md',
  },
] as const

/** Runs one check and resolves to its exit code and what it said. */
async function run(args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const [script = '', ...rest] = args
  const child = spawn(process.execPath, [join(BIN, script), ...rest], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)))
  return { code, said }
}

let failed = 0
for (const { name, args, repair } of CHECKS) {
  const began = performance.now()
  const { code, said } = await run(args)
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`
  process.stdout.write(`${code === 0 ? '✔' : '✖'} ${name} (${took})\n`)
  if (code === 0) continue
  failed += 1
  process.stdout.write(`${said.trimEnd()}\n  To repair: ${repair}\n`)
}
process.exitCode = failed === 0 ? 0 : 1
