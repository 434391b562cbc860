import { describe, expect, test } from 'vitest'
import { answersCounted, countAnswer } from '../../lib/door/tally.ts'
import { door } from '../../lib/door.ts'
import { send } from './support.ts'

const list = door(
  { methods: ['GET', 'PUT'], parameters: (method) => (method === 'GET' ? ['limit'] : []) },
  ({ method }) => ({
    headers: { etag: '"1"' },
    jsonBody: { method },
  }),
)
const page = door({ methods: ['GET'] }, () => ({ headers: { 'content-type': 'text/plain' }, body: 'read me' }))

describe('methods mean what HTTP says', () => {
  test('HEAD is GET without the body, with its status and headers', async () => {
    const get = await send(list, { method: 'GET' })
    const head = await send(list, { method: 'HEAD' })
    expect(get.json).toEqual({ method: 'GET' })
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', '"1"'])
    expect(head.headers.get('content-type')).toMatch(/^application\/json/)
    expect((await send(page, { method: 'HEAD' })).headers.get('content-type')).toBe('text/plain')
  })

  test('HEAD of what cannot be got is 405, and a refused HEAD has no body either', async () => {
    const seen = await send(
      door({ methods: ['POST'] }, () => ({})),
      { method: 'HEAD' },
    )
    expect([seen.status, seen.text, seen.headers.get('allow')]).toEqual([405, '', 'POST, OPTIONS'])
  })

  test('OPTIONS says what is allowed, to anybody', async () => {
    const closed = door({ methods: ['GET', 'PUT'], authorize: () => false }, () => ({}))
    const seen = await send(closed, { method: 'OPTIONS' })
    expect([seen.status, seen.text, seen.headers.get('allow')]).toEqual([204, '', 'GET, PUT, HEAD, OPTIONS'])
  })
})

describe('the version of the API', () => {
  const at = (path: string, headers = {}) => send(list, { method: 'GET', url: `http://x/api/v1/${path}`, headers })

  test('stands on every answer of it, refusals too', async () => {
    expect((await at('services')).headers.get('api-version')).toBe('1')
    const refused = await send(list, { method: 'DELETE', url: 'http://x/api/v1/services' })
    expect([refused.status, refused.headers.get('api-version')]).toEqual([405, '1'])
    expect((await send(list, { method: 'GET', url: 'http://x/api/health' })).headers.get('api-version')).toBeNull()
  })

  test('is 1, and another one is refused', async () => {
    expect((await at('services?api-version=1')).status).toBe(200)
    const other = await at('services', { 'api-version': '2' })
    expect([other.status, other.json?.detail]).toEqual([400, expect.stringMatching(/Ask for api-version 1/)])
  })
})

test('parameters that a method does not know are refused, with the known ones', async () => {
  expect((await send(list, { method: 'GET', url: 'http://x/api/v1/a?limit=3' })).status).toBe(200)
  const odd = await send(list, { method: 'GET', url: 'http://x/api/v1/a?limits=3' })
  expect([odd.status, odd.json?.detail]).toEqual([400, expect.stringMatching(/Did you mean `limit`\?/)])
  expect((await send(list, { method: 'PUT', url: 'http://x/api/v1/a?limit=3' })).status).toBe(400)
})

test('answers are counted by door, method and status; methods that nobody knows together', () => {
  for (const method of ['GET', 'GET', 'BREW', 'PROPFIND']) countAnswer('teapot', method, 418)
  expect(answersCounted().filter((each) => each.door === 'teapot')).toEqual([
    { door: 'teapot', method: 'GET', status: 418, count: 2 },
    { door: 'teapot', method: 'other', status: 418, count: 2 },
  ])
})
