import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import {
  bundleFixture,
  CEILING_MS,
  HOST_JSON,
  KEYS,
  lineOf,
  newFolder,
  put,
  queuesOf,
  startAzurite,
  stopChild,
  takeTexts,
} from './support.ts'

const started: ChildProcess[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map(stopChild))
})

interface Run {
  readonly child: ChildProcess
  readonly out: () => string
  readonly err: () => string
}

function run(entry: string, env: Record<string, string>): Run {
  const hostJson = join(dirname(entry), 'host.json')
  writeFileSync(hostJson, JSON.stringify(HOST_JSON))
  const child = spawn(process.execPath, ['sim/host/main.ts'], {
    env: {
      PATH: process.env.PATH,
      HOST_ENTRY: entry,
      HOST_JSON: hostJson,
      HOST_KEY: KEYS.host,
      FIXTURE_SCHEDULE: '0 0 4 1 1 *',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => (out += chunk))
  child.stderr?.on('data', (chunk) => (err += chunk))
  return { child, out: () => out, err: () => err }
}

test(
  'the host as a process says its url in one line, works, and ends with 0 on SIGTERM',
  async () => {
    const azurite = await startAzurite()
    const work = queuesOf(azurite.connectionString)().getQueueClient('work')
    await work.createIfNotExists()
    const host = run(await bundleFixture(newFolder(), 'esm'), { FIXTURE_STORAGE: azurite.connectionString })
    const { url } = JSON.parse(await lineOf(host.child, /^\{.*\}$/))
    const answer = await fetch(`${url}/api/guarded`, { headers: { 'x-functions-key': KEYS.host } })
    expect(await answer.text()).toBe('in')
    await put(work, { id: 'child' })
    const results = queuesOf(azurite.connectionString)().getQueueClient('results')
    expect(JSON.parse((await takeTexts(results, 1))[0] ?? '')).toMatchObject({ id: 'child' })
    const exit = once(host.child, 'exit')
    host.child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
    await azurite.stop()
    expect(host.out().trim().split('\n')).toHaveLength(1)
    const lines = host
      .err()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map((line) => line.message)).toContain('app starts')
    expect(lines.at(-1)).toMatchObject({ category: 'Host.Shutdown' })
  },
  CEILING_MS,
)

test.each([
  ['a setting that a schedule needs is absent', { FIXTURE_SCHEDULE: undefined }, 'FIXTURE_SCHEDULE'],
  ['a schedule cannot be read', { FIXTURE_SCHEDULE: 'hourly' }, 'NCRONTAB'],
  ['a connection has no settings', {}, 'FIXTURE_STORAGE__queueServiceUri'],
])(
  'the host does not start when %s, and says which',
  async (_name, env, said) => {
    const host = run(await bundleFixture(newFolder(), 'cjs'), env as Record<string, string>)
    const [code] = await once(host.child, 'exit')
    expect(code).toBe(1)
    expect(JSON.parse(host.err().trim().split('\n').at(-1) ?? '')).toMatchObject({
      level: 'critical',
      category: 'Host.Startup',
    })
    expect(host.err()).toContain(said)
    expect(host.out()).toBe('')
  },
  CEILING_MS,
)
