import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stack, startStack } from '../../sim/start/stack.ts'
import { localToken } from '../../sim/start/token.ts'
import { manifest } from '../functions/manifests.ts'
import { slipway } from './run.ts'

/** A gate after the first step, which no KPI holds up. */
const STEPS = '[{ setWeight: 10 }, { bake: 1h }, { pause: {} }, { setWeight: 100 }]'

let folder = ''
let stack: Stack

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-cli-stack-'))
  stack = await startStack(join(folder, '.slipway'))
  await writeFile(join(folder, 'pricing.yaml'), manifest({ name: 'pricing', steps: STEPS }))
})

afterAll(async () => {
  await stack.close()
  await rm(folder, { recursive: true, force: true })
})

/** Runs the command in the folder of the stack: it finds the stack by itself. */
const run = (line: string, env: Readonly<Record<string, string>> = {}) => slipway(line.split(' '), { cwd: folder, env })

/** The status of the service, once it is so. The ceiling is generous: it is no measure of speed. */
async function until(isSo: (status: Readonly<Record<string, unknown>>) => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 300))) {
    if (isSo(JSON.parse((await run('get pricing --json')).out))) return
  }
  throw new Error('it did not come to that')
}

test('next to the local stack the command needs no address and no login', async () => {
  expect(await run('whoami')).toMatchObject({ code: 0, out: expect.stringContaining('admin of all services') })
  const { code, out } = await run('services --json')
  expect(code).toBe(0)
  expect(JSON.parse(out).items.map(({ service }: { service: string }) => service)).toEqual([
    'pricing',
    'routing',
    'safety',
  ])
})

test('a manifest is stored, an image pushed, promoted and undone; the audit tells it, and its chain is whole', {
  timeout: 240_000,
}, async () => {
  expect(await run('manifest put pricing.yaml --yes')).toMatchObject({
    code: 0,
    out: expect.stringContaining('version 2'),
  })
  expect(await run('push pricing v2')).toMatchObject({ code: 0, out: expect.stringContaining('pricing-1') })
  await until(({ phase }) => phase === 'progressing')
  expect((await run('status pricing')).code).toBe(0)
  expect((await run('get pricing')).out).toContain('Stop it  slipway abort pricing')
  expect(await run('promote pricing --full --dry-run')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Would do'),
  })
  expect(await run('pause pricing')).toMatchObject({ code: 0, out: expect.stringContaining('paused by') })
  expect((await run('status pricing --wait')).code).toBe(5)
  expect((await run('promote pricing --full --yes')).code).toBe(0)
  expect((await run('status pricing-1 --wait --timeout 2m')).code).toBe(0)
  expect(await run('undo pricing --yes --reason wrong')).toMatchObject({ code: 0 })
  await until(({ rollout, phase }) => rollout === 'pricing-2' && phase === 'finished')
  expect(await run('audit verify')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/✔ production\/pricing: \d+ rows/),
  })
  expect((await run('audit explain pricing-1')).out).toContain('promoted')
})

test('a Viewer sees everything and is told what role an abort takes', async () => {
  const env = { SLIPWAY_TOKEN: await localToken(stack.local, 'viewer') }
  expect((await run('services', env)).code).toBe(0)
  const refused = await run('freeze stop --yes --reason', env)
  expect(refused.code).toBe(2)
  const answer = await slipway(['freeze', 'stop', '--yes', '--reason', 'fire'], { cwd: folder, env })
  expect(answer).toMatchObject({ code: 1, out: '', err: expect.stringContaining('it takes the role admin') })
  expect(answer.err).toContain('slipway whoami')
})
