import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { slipway, withFiles } from './run.ts'
import { aList, aService, aView, type Received, TOKEN, withStub } from './stub.ts'

/** A folder with files below it, made runnable, that is gone after the work. */
async function withFolder<T>(
  files: Readonly<Record<string, string>>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-connection-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
      await chmod(join(folder, name), 0o755)
    }
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Lists no services for whoever brings the token; gives it for the right secret. */
function guarded(token: string) {
  return ({ path, headers, body }: Received) => {
    if (path === '/token') {
      const form = new URLSearchParams(body)
      const isRight = form.get('client_secret') === 'the-secret' && form.get('grant_type') === 'client_credentials'
      if (!isRight) return { status: 401, body: { error: 'invalid_client', error_description: `${form}` } }
      return { body: { access_token: token, scope: form.get('scope') } }
    }
    if (headers.authorization !== `Bearer ${token}`) return { status: 401, body: 'who are you?' }
    return path === '/v1/services' ? { body: aList([]) } : null
  }
}

test('a token of the environment is sent, and one of a file goes before it', async () => {
  await withStub(guarded('the-token-of-the-file'), async ({ run }) => {
    await withFiles({ token: 'the-token-of-the-file\n' }, async (path) => {
      expect(await run(['services'])).toMatchObject({ code: 1, err: expect.stringContaining('answered 401') })
      expect(await run(['services', '--token-file', path('token'), '--json'])).toMatchObject({ code: 0, err: '' })
    })
  })
})

test('a machine signs in with its client credentials, for the scope of the audience', async () => {
  await withStub(guarded('the-token-of-a-machine'), async ({ url, received }) => {
    const env = {
      SLIPWAY_URL: url,
      SLIPWAY_CLIENT_ID: 'pipeline',
      SLIPWAY_CLIENT_SECRET: 'the-secret',
      SLIPWAY_TOKEN_URL: `${url}/token`,
      SLIPWAY_AUDIENCE: 'api://slipway',
    }
    expect(await slipway(['services', '--json'], { env })).toMatchObject({ code: 0, err: '' })
    expect(new URLSearchParams(received[0]?.body).get('scope')).toBe('api://slipway/.default')
    const wrong = await slipway(['services'], { env: { ...env, SLIPWAY_CLIENT_SECRET: 'another-secret' } })
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('gives no token (401: invalid_client)') })
    expect(wrong.err).not.toContain('another-secret')
    const half = await slipway(['services'], { env: { ...env, SLIPWAY_TOKEN_URL: '' } })
    expect(half).toMatchObject({ code: 2, err: expect.stringContaining('SLIPWAY_TOKEN_URL is missing') })
  })
})

test('the Azure CLI is asked without a shell, for the scope of the audience', async () => {
  const az =
    '#!/bin/sh\n[ "$4" = \'api://slip way;x/.default\' ] && echo the-token-of-az || { echo "ERROR: $4" >&2; exit 1; }\n'
  await withFolder({ 'bin/az': az }, async (folder) => {
    await withStub(guarded('the-token-of-az'), async ({ url }) => {
      const env = { SLIPWAY_URL: url, PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
      const right = await slipway(['services', '--json'], { env: { ...env, SLIPWAY_AUDIENCE: 'api://slip way;x' } })
      expect(right).toMatchObject({ code: 0, err: '' })
      const wrong = await slipway(['services'], { env: { ...env, SLIPWAY_AUDIENCE: 'api://other' } })
      expect(wrong).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining('az login --scope api://other/.default'),
      })
    })
  })
})

test('where az is not installed, the command says what else would do', async () => {
  const env = { SLIPWAY_URL: 'https://slipway.invalid', SLIPWAY_AUDIENCE: 'api://slipway', PATH: '/nowhere' }
  const answer = await slipway(['services'], { env, node: process.execPath })
  expect(answer).toMatchObject({ code: 1, err: expect.stringContaining('(az) is not installed') })
})

test('the local stack of this folder is asked with its own login, without ceremony', async () => {
  await withStub(guarded('the-token-of-the-stack'), async ({ url, received }) => {
    const auth = {
      issuer: url,
      tokenUrl: `${url}/token`,
      clientId: 'local',
      clientSecret: 'the-secret',
      audience: 'a',
      scope: 'a/.default',
    }
    const local = { api: `${url}/api`, control: url, auth }
    await withFolder({ '.slipway/local.json': JSON.stringify(local) }, async (cwd) => {
      expect(await slipway(['services', '--json'], { cwd })).toMatchObject({ code: 0, err: '' })
      expect(received.map(({ path }) => path)).toEqual(['/token', '/v1/services'])
    })
  })
})

test('the local stack publishes no image whose tag the manifest does not take', async () => {
  const service = aService(aView(), ({ path }) =>
    path.endsWith('/manifest') ? { body: { version: 3, manifest: { image: { tags: 'v*' } } } } : null,
  )
  await withStub(service, async ({ url, changes }) => {
    const local = JSON.stringify({ api: `${url}/api`, control: url })
    await withFolder({ '.slipway/local.json': local }, async (cwd) => {
      const answer = await slipway(['push', 'pricing', 'nightly-1'], { cwd, env: { SLIPWAY_TOKEN: TOKEN } })
      expect(answer).toMatchObject({ code: 1, err: expect.stringContaining('nightly-1 does not match v*') })
      expect(changes()).toEqual([])
    })
  })
})

test('who says nothing is told what to set, and nothing is asked', async () => {
  await withFolder({}, async (cwd) => {
    const nowhere = await slipway(['services'], { cwd })
    expect(nowhere).toMatchObject({ code: 2, out: '', err: expect.stringContaining('set SLIPWAY_URL or give --url') })
    await withStub(aService(aView()), async ({ url, received }) => {
      const nobody = await slipway(['services', '--url', url], { cwd })
      expect(nobody).toMatchObject({ code: 2, out: '', err: expect.stringContaining('az login: set SLIPWAY_AUDIENCE') })
      expect(received).toEqual([])
    })
    const nothing = await slipway(['services', '--url', 'http://127.0.0.1:9'], { cwd })
    expect(nothing).toMatchObject({
      code: 1,
      err: expect.stringContaining('127.0.0.1:9 does not answer (ECONNREFUSED)'),
    })
  })
})

test.each([
  ['http://slipway.example.com', /would carry a token unencrypted/],
  ['ftp://slipway.example.com', /is no address/],
  ['https://user:word@slipway.example.com', /is no address/],
  ['slipway.example.com', /is no address/],
])('%s is no place to send a token to', async (url, says) => {
  const answer = await slipway(['services', '--url', url], { env: { SLIPWAY_TOKEN: TOKEN } })
  expect(answer).toMatchObject({ code: 2, out: '' })
  expect(answer.err).toMatch(says)
  expect(answer.err).not.toContain(TOKEN)
})

test('a token that is none never reaches a header, and is not told', async () => {
  const answer = await slipway(['services'], {
    env: { SLIPWAY_URL: 'https://slipway.invalid', SLIPWAY_TOKEN: 'se cret\nx: y' },
  })
  expect(answer).toMatchObject({ code: 2, err: expect.stringContaining('SLIPWAY_TOKEN holds no token') })
  expect(answer.err).not.toContain('cret')
})

test('a redirect is not followed: the token would go along', async () => {
  await withStub(
    ({ path }) =>
      path === '/v1/services' ? { status: 302, headers: { location: '/elsewhere' } } : { body: aList([]) },
    async ({ run, received }) => {
      const answer = await run(['services'])
      expect(answer).toMatchObject({ code: 1, out: '', err: expect.stringContaining('does not answer') })
      expect(received.map(({ path }) => path)).toEqual(['/v1/services'])
      expect(answer.err).not.toContain(TOKEN)
    },
  )
})
