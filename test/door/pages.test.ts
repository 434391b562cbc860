import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPages, PAGE_POLICY } from '../../lib/door/pages.ts'

let folder = ''
let pages: ReturnType<typeof createPages>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-pages-'))
  const files = {
    'index.html': { type: 'text/html; charset=utf-8', hash: 'aaaa', isNamedByContent: false },
    'main-1.js': { type: 'text/javascript; charset=utf-8', hash: 'bbbb', isNamedByContent: true },
  }
  await writeFile(join(folder, 'files.json'), JSON.stringify(files))
  for (const name of Object.keys(files))
    for (const ending of ['', '.br', '.gz']) await writeFile(join(folder, `${name}${ending}`), `${name}${ending}`)
  pages = createPages(pathToFileURL(`${folder}/`))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const reply = await pages(path, { headers: new Headers(headers), method })
  if ('problem' in reply) return { status: reply.status, headers: {} as Record<string, string>, body: reply.detail }
  return {
    status: reply.status ?? 200,
    headers: reply.headers as Record<string, string>,
    body: reply.body === undefined ? null : String(reply.body),
  }
}

describe('the files of the dashboard', () => {
  test('the page itself is asked for anew each time, and what has its content in its name is kept for ever', async () => {
    expect((await get('')).headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-type': 'text/html; charset=utf-8',
    })
    expect((await get('main-1.js')).headers['cache-control']).toBe('public, max-age=31536000, immutable')
  })

  test.each([
    ['gzip, deflate, br', 'br', 'main-1.js.br'],
    ['gzip', 'gzip', 'main-1.js.gz'],
    ['br;q=0, gzip;q=0.5', 'gzip', 'main-1.js.gz'],
    ['identity', undefined, 'main-1.js'],
    ['', undefined, 'main-1.js'],
  ])('who accepts "%s" gets %s', async (accepted, encoding, body) => {
    const reply = await get('main-1.js', { 'accept-encoding': accepted })
    expect([reply.headers['content-encoding'], reply.body]).toEqual([encoding, body])
    expect(reply.headers.vary).toBe('accept-encoding')
  })

  test('each packing has a tag of its own, and whoever holds the file in any packing gets 304 without it', async () => {
    const { etag } = (await get('main-1.js', { 'accept-encoding': 'br' })).headers
    expect(etag).toBe('"bbbb-br"')
    for (const held of ['"bbbb-br"', 'W/"bbbb-gzip"', '"x", "bbbb"'])
      expect(await get('main-1.js', { 'if-none-match': held })).toMatchObject({ status: 304, body: null })
    expect((await get('main-1.js', { 'if-none-match': '"cccc"' })).status).toBe(200)
  })

  test('HEAD says the same without the file', async () => {
    const reply = await get('main-1.js', {}, 'HEAD')
    expect([reply.status, reply.body, reply.headers.etag]).toEqual([200, null, '"bbbb"'])
  })

  test.each(['files.json', '../main.mjs', 'main-1.js.br', '..%2f..%2fpackage.json', 'constructor', '__proto__'])(
    'nothing but the files of the build is served: not %s',
    async (path) => {
      expect((await get(path)).status).toBe(404)
    },
  )

  test('every answer carries the policy: nothing inline, nothing foreign, no frames, no text that becomes code', async () => {
    expect((await get('')).headers).toMatchObject({
      'content-security-policy': PAGE_POLICY,
      'cross-origin-opener-policy': 'same-origin',
    })
    expect(PAGE_POLICY).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
    )
  })

  test('where the dashboard was not built it says so, and looks again the next time', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'slipway-pages-'))
    const none = createPages(pathToFileURL(`${empty}/`))
    const ask = () => none('', { headers: new Headers(), method: 'GET' })
    expect(await ask()).toMatchObject({ status: 404, detail: expect.stringMatching(/npm run build/) })
    await writeFile(
      join(empty, 'files.json'),
      '{"index.html":{"type":"text/html","hash":"a","isNamedByContent":false}}',
    )
    await writeFile(join(empty, 'index.html'), 'here')
    expect(String(((await ask()) as { body?: unknown }).body)).toBe('here')
    await rm(empty, { recursive: true, force: true })
  })
})
