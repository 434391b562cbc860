import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')

/** Runs `npm start -- --once` as a newcomer's shell would, in a folder of its own; resolves to exit code and output. */
async function play(folder: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const args = [join(ROOT, 'sim', 'start', 'main.ts'), '--once', '--folder', folder]
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, NO_COLOR: '1' } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  }
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, said }
}

test('the story ends as told on the real stack: promoted, rolled back, and no client noticed', {
  timeout: 400_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-story-'))
  try {
    const { code, said } = await play(folder)
    expect(said).toContain('The story ended as told.')
    expect(code).toBe(0)
    expect(said).toContain('not one failed, through every traffic move')
    // By the audit: who only looks now and then may miss a step that is over within seconds.
    expect(said).toMatch(/\(pricing-1, step 1\): the ingress now sends .*, pricing--r1-\w+ 10 %/)
    expect(said).toMatch(/\(pricing-1, step 2\): the ingress now sends .*, pricing--r1-\w+ 50 %/)
    expect(said).toMatch(/\(pricing-1, step 3\): the ingress now sends pricing--r1-\w+ 100 %/)
    expect(said).toMatch(/pricing-1 finished: promoted/)
    expect(said).toMatch(
      /pricing-2 finished: rolled-back, p95 [\d.]+ % \(\d+ of \d+ requests slower than 200 ms\), .*5 %/,
    )
    expect(said).toMatch(/step 1 passed .*bad of \d+ .*from azure-logs/)
    expect(existsSync(join(folder, 'local.json'))).toBe(false)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
