import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { EXIT_MEANINGS } from '../../cli/exit.ts'
import { createTree } from '../../cli/tree.ts'
import { everyCommand, pathOf } from '../../cli/tree-parts.ts'
import { CLI_FILE, renderCliReference } from '../../scripts/cli-docs.ts'
import { manifestText, said, slipway, withFiles } from './run.ts'
import { aList, aService, aView, TOKEN, withStub } from './stub.ts'

const TREE = createTree(() => async () => {})

test('the reference of the command line is that of the commands there are (npm run cli-docs writes it)', () => {
  expect(readFileSync(CLI_FILE, 'utf8')).toBe(renderCliReference())
})

test('every command has a summary, a description, and says what each option means', () => {
  for (const command of everyCommand(TREE)) {
    if (command === TREE) continue
    const path = pathOf(command)
    expect({ path, isTold: command.summary() !== '' && command.description() !== '' }).toEqual({ path, isTold: true })
    expect(command.options.filter(({ description }) => description === '').map(({ flags }) => flags)).toEqual([])
    expect(command.summary().length).toBeLessThanOrEqual(60)
  }
})

test('what changes something can be tried without doing it', () => {
  const changing = everyCommand(TREE).filter(({ options }) => options.some(({ long }) => long === '--reason'))
  expect(changing.map(pathOf)).toEqual(
    [
      'push',
      'approve',
      'promote',
      'pause',
      'resume',
      'abort',
      'retry',
      'undo',
      'freeze add',
      'freeze stop',
      'freeze lift',
      'people erase',
      'quarantine redrive',
      'quarantine dismiss',
      'manifest put',
    ].map((words) => `slipway ${words}`),
  )
  for (const { options } of changing)
    expect(options.map(({ long }) => long)).toEqual(expect.arrayContaining(['--dry-run', '--yes']))
})

test('help is no mistake, of a command or of a topic, and fits 80 columns', async () => {
  for (const words of [
    ['--help'],
    [],
    ['help'],
    ['audit', 'list', '--help'],
    ['help', 'freeze', 'add'],
    ['help', 'exit-codes'],
    ['help', 'environment'],
    ['help', 'json'],
  ]) {
    const { code, out, err } = await slipway(words)
    expect({ words, code, err }).toEqual({ words, code: 0, err: '' })
    expect(out.split('\n').filter((line) => line.length > 86)).toEqual([])
  }
  const codes = (await slipway(['help', 'exit-codes'])).out
  for (const [code, meaning] of EXIT_MEANINGS) expect(codes).toContain(`${code}  ${meaning}`)
})

test('lint tells every mistake of every file with its line, and is content with what is right', async () => {
  const files = { 'good.yaml': manifestText(), 'bad.yaml': manifestText().replace('tags:', 'tgas:') }
  await withFiles(files, async (path) => {
    const bad = await slipway(['lint', path('good.yaml'), path('bad.yaml')])
    expect(bad).toMatchObject({ code: 1, out: expect.stringMatching(/^\S+bad\.yaml:4:\d+ image[\s\S]*tgas/) })
    expect(bad.err).toContain('good.yaml: production/pricing')
    const json = JSON.parse((await slipway(['lint', path('good.yaml'), path('bad.yaml'), '--json'])).out)
    expect(json.files).toMatchObject([
      { file: path('good.yaml'), services: [{ environment: 'production', name: 'pricing' }], issues: [] },
      { file: path('bad.yaml'), services: [], issues: [{ line: 4 }, { path: 'image.tgas' }] },
    ])
    expect(await slipway(['lint', '-'], { input: manifestText() })).toMatchObject({ code: 0, out: '' })
  })
})

const PLAN = {
  service: 'pricing',
  environment: 'production',
  version: { now: 3, next: 4 },
  changes: [{ path: 'strategy.canary.steps.0.bake', before: '1h', after: '2h' }],
  running: null,
  steps: [],
  leastMs: 1,
  endsAt: '2026-11-21T10:00:00.000Z',
  freezes: [],
  sentences: ['production/pricing goes from version 3 to version 4', 'the next push starts a rollout'],
}

test('put shows the plan, wants a yes, and stores on top of the version that was seen', async () => {
  const service = aService(aView(), ({ method, path }) => {
    if (path.endsWith('/plan')) return { body: PLAN }
    if (path.endsWith('/manifest') && method === 'GET') return { body: {}, headers: { etag: '"v3"' } }
    return method === 'PUT' ? { body: { kind: 'changed', version: 4 } } : null
  })
  await withFiles({ 'm.yaml': manifestText() }, async (path) => {
    await withStub(service, async ({ run, received }) => {
      const puts = () => received.filter(({ method }) => method === 'PUT')
      const unsure = await run(['manifest', 'put', path('m.yaml')])
      expect(unsure).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('- strategy.canary.steps.0.bake: 1h'),
      })
      expect((await run(['manifest', 'put', path('m.yaml'), '--dry-run'])).code).toBe(0)
      expect(puts()).toEqual([])
      expect(await run(['manifest', 'put', path('m.yaml'), '-y'])).toMatchObject({
        code: 0,
        out: '✔ production/pricing: changed, version 4\n',
      })
      expect(puts()[0]).toMatchObject({ body: manifestText() })
      expect(puts()[0]?.headers).toMatchObject({ 'if-match': '"v3"', 'content-type': 'application/yaml' })
      const plan = await run(['plan', path('m.yaml')])
      expect(plan.out).toContain('production/pricing: version 3 → 4')
      expect(plan.out).toContain(' 2. the next push starts a rollout')
    })
  })
})

test('the first manifest of a service is stored only where there is none yet', async () => {
  const service = aService(aView({ service: 'other' }), ({ method, path }) => {
    if (path.endsWith('/plan')) return { body: { ...PLAN, version: { now: 0, next: 1 } } }
    return method === 'PUT' ? { status: 201, body: { kind: 'created', version: 1 } } : null
  })
  await withFiles({ 'm.yaml': manifestText() }, async (path) => {
    await withStub(service, async ({ run, received }) => {
      expect((await run(['manifest', 'put', path('m.yaml'), '-y'])).code).toBe(0)
      expect(received.find(({ method }) => method === 'PUT')?.headers['if-none-match']).toBe('*')
    })
  })
})

/** What bash would offer behind these words. */
async function offered(words: readonly string[], env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const script = [
    'slipway() { "$NODE" cli/slipway.mjs "$@"; }',
    'eval "$(cat)"',
    'COMP_WORDS=("$@")',
    'COMP_CWORD=$(($# - 1))',
    '_slipway',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join('\n')
  const input = (await slipway(['completion', 'bash'])).out
  const answer = await said('bash', ['-c', script, 'bash', 'slipway', ...words], {
    env: { ...process.env, NODE: process.execPath, ...env },
    input,
    cwd: process.cwd(),
  })
  expect(answer.err).toBe('')
  return answer.out.split('\n').filter((line) => line !== '')
}

test('bash completes commands, options, shells, and the names of services that the service tells', async () => {
  await withStub(
    aService(aView(), ({ path }) =>
      path === '/v1/services' ? { body: aList([aView(), aView({ service: 'prices' })]) } : null,
    ),
    async ({ url }) => {
      const env = { SLIPWAY_URL: url, SLIPWAY_TOKEN: TOKEN }
      expect(await offered(['pro'], env)).toEqual(['promote'])
      expect(await offered(['audit', 'ex'], env)).toEqual(['explain', 'export'])
      expect(await offered(['promote', '--fu'], env)).toEqual(['--full'])
      expect(await offered(['completion', ''], env)).toEqual(['bash', 'zsh', 'fish'])
      expect(await offered(['promote', 'pric'], env)).toEqual(['prices', 'pricing'])
    },
  )
  expect(await offered(['promote', 'pric'], { SLIPWAY_URL: 'https://slipway.invalid' })).toEqual([])
})

test.each(['zsh', 'fish'])('%s gets a script that knows every command', async (shell) => {
  const { code, out } = await slipway(['completion', shell])
  expect(code).toBe(0)
  for (const command of everyCommand(TREE)) expect(out).toContain(command.name())
})

test('the dashboard’s address is told, of a service too', async () => {
  await withStub(aService(aView()), async ({ run, url }) => {
    expect((await run(['open'])).out).toBe(`${url}/api/ui/\n`)
    expect((await run(['open', 'pricing-7'])).out).toBe(`${url}/api/ui/#/production/pricing/7\n`)
  })
})
