import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PARAMETERS } from '../../lib/door/parameters.ts'
import { ROUTES } from '../../lib/door/routes.ts'
import { OPERATIONS } from '../../lib/schema/openapi/operations.ts'
import { departures, documentedOperations } from '../support/conform.ts'
import { manifest } from './manifests.ts'
import { openScene, type Scene } from './scene.ts'

const FUNCTIONS = join(import.meta.dirname, '..', '..', 'functions')
let scene: Scene
beforeAll(async () => {
  scene = await openScene([manifest({ name: 'pricing' })])
}, 120_000)
afterAll(() => scene?.close())

test('every function that answers HTTP is in the document, and no other', () => {
  const registered = readdirSync(FUNCTIONS).flatMap((name) => {
    const source = readFileSync(join(FUNCTIONS, name), 'utf8')
    return [...source.matchAll(/app\.http\('([^']+)'/g)].map(([, door]) => door)
  })
  expect([...new Set(documentedOperations().map(({ door }) => door))].sort()).toEqual(registered.sort())
})

test('every path allows what the document says, HEAD with GET, and OPTIONS', async () => {
  const paths = Map.groupBy(documentedOperations(), ({ path }) => path)
  for (const [path, operations] of paths) {
    if (path.startsWith('/api/hooks/') || path.startsWith('/api/auth/')) continue
    const concrete = path.replace('/api', '').replaceAll(/\{[a-z]+\}/g, 'x')
    const { status, headers } = await scene.ask(concrete, { method: 'OPTIONS' })
    const allowed = (headers.get('allow') ?? '').split(', ')
    const methods = operations.map(({ method }) => method)
    const expected = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS']
    expect({ path, status, allowed: allowed.sort() }).toEqual({ path, status: 204, allowed: expected.sort() })
  }
})

test('every operation tells exactly the parameters that its door knows', () => {
  for (const id of Object.keys(ROUTES) as (keyof typeof ROUTES)[]) {
    expect({ id, query: Object.keys(OPERATIONS[id].query).sort() }).toEqual({ id, query: [...PARAMETERS[id]].sort() })
  }
})

test('the document is served to anybody, with a tag; its page is HTML without scripts', async () => {
  const first = await scene.ask('/openapi.json')
  expect([first.status, first.json?.openapi]).toEqual([200, '3.1.0'])
  const etag = first.headers.get('etag') ?? ''
  expect((await scene.ask('/openapi.json', { headers: { 'if-none-match': etag } })).status).toBe(304)
  const page = await scene.ask('/docs')
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/)
  expect(page.text).not.toMatch(/<script|style=|<style|onclick/i)
  for (const id of Object.keys(ROUTES)) expect(page.text).toContain(` id="${id}"`)
  const anchors = [...page.text.matchAll(/href="#([^"]+)"/g)].map(([, anchor]) => anchor)
  expect(anchors.filter((anchor) => !page.text.includes(` id="${anchor}"`))).toEqual([])
  expect((await scene.ask('/docs/style.css')).headers.get('content-type')).toBe('text/css; charset=utf-8')
  expect((await scene.ask('/problems')).status).toBe(200)
  expect((await scene.ask('/problems/conflict')).text).toContain('<h1>The state of things does not allow this</h1>')
})

test('what departs from the document is found', () => {
  const headers = new Headers({
    'content-type': 'application/json',
    'x-request-id': 'x',
    etag: '"x"',
    'api-version': '1',
  })
  const came = { method: 'GET', path: '/api/health', status: 200, headers, text: '{"status":"ok"}' }
  expect(departures(came)).toEqual([])
  expect(departures({ ...came, status: 418 })).toEqual([expect.stringContaining('no such status')])
  expect(departures({ ...came, method: 'POST' })).toEqual([expect.stringContaining('no such operation')])
  expect(departures({ ...came, path: '/api/nowhere' })).toEqual([expect.stringContaining('no such operation')])
  expect(departures({ ...came, text: '{"status":"ok","more":1}' })).toEqual([expect.stringContaining('additional')])
  expect(departures({ ...came, text: '{}' })).toEqual([expect.stringContaining('required')])
  expect(departures({ ...came, headers: new Headers({ 'content-type': 'text/csv' }) })).toHaveLength(2)
  expect(departures({ ...came, path: '/api/health/ready', status: 503, text: '{}' })).toContainEqual(
    expect.stringContaining('retry-after'),
  )
})
