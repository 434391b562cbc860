import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type DoorRules, door, EVENT_BODY, JSON_TYPES, problem, Refusal, YAML_TYPES } from '../../lib/door.ts'
import { Fault, type FaultKind } from '../../lib/errors.ts'
import { send } from './support.ts'

const POSTED: DoorRules = { methods: ['POST'], accepts: JSON_TYPES }

function echo(rules: Partial<DoorRules> = {}) {
  return door({ ...POSTED, ...rules }, (visit) => ({
    jsonBody: { body: visit.body, mediaType: visit.mediaType, id: visit.requestId },
  }))
}

function throwing(error: unknown, rules: Partial<DoorRules> = {}) {
  return door({ ...POSTED, ...rules }, () => {
    throw error
  })
}

describe('what goes through', () => {
  test('a JSON body arrives parsed', async () => {
    const seen = await send(echo(), { body: '{"a":[1]}' })
    expect(seen.status).toBe(200)
    expect(seen.json).toMatchObject({ body: { a: [1] }, mediaType: 'application/json' })
  })

  test.each(EVENT_BODY.accepts)('an event of type %s is parsed as JSON', async (type) => {
    const headers = { 'content-type': `${type.toUpperCase()}; charset=utf-8` }
    const seen = await send(echo(EVENT_BODY), { headers, body: '{"a":1}' })
    expect(seen.json).toMatchObject({ body: { a: 1 }, mediaType: type })
  })

  test('a batch of real events may fill the whole 256 KiB, though it has far more keys than one thing may', async () => {
    const file = join(import.meta.dirname, '..', 'schema', 'payloads', 'event-grid-schema-image-pushed.json')
    const [event] = JSON.parse(readFileSync(file, 'utf8')) as [object]
    const most = Math.floor((256 * 1024 - 2) / (JSON.stringify(event).length + 1))
    const batch = Array.from({ length: most }, () => event)
    expect(most).toBeGreaterThan(300)
    const seen = await send(echo(EVENT_BODY), { body: JSON.stringify(batch) })
    expect(seen.status).toBe(200)
    expect(seen.json).toMatchObject({ body: batch })
    expect((await send(echo(), { body: JSON.stringify(batch) })).status).toBe(400)
  })

  test('YAML arrives as text, untouched', async () => {
    const seen = await send(echo({ accepts: YAML_TYPES }), {
      headers: { 'content-type': 'application/yaml' },
      body: 'name: prís\n',
    })
    expect(seen.json).toMatchObject({ body: 'name: prís\n', mediaType: 'application/yaml' })
  })

  test('a door that takes no body reads none', async () => {
    const seen = await send(
      door({ methods: ['GET'] }, (visit) => ({ jsonBody: { body: visit.body } })),
      { method: 'GET' },
    )
    expect(seen.json).toEqual({ body: null })
  })

  test('an absent body is null where the body is optional', async () => {
    const seen = await send(echo({ bodyOptional: true }), { headers: {} })
    expect(seen.json).toMatchObject({ body: null, mediaType: null })
  })

  test("a handler's own headers replace the door's, and the rest are kept", async () => {
    const cached = door(POSTED, () => ({ status: 202, headers: { 'Cache-Control': 'max-age=5', ETag: '"1"' } }))
    const seen = await send(cached, { body: '{}' })
    expect(seen.status).toBe(202)
    expect(seen.headers.get('cache-control')).toBe('max-age=5')
    expect(seen.headers.get('etag')).toBe('"1"')
    expect(seen.headers.get('x-content-type-options')).toBe('nosniff')
  })
})

describe('what is refused', () => {
  test('another method is 405 with Allow', async () => {
    const seen = await send(echo({ methods: ['POST', 'OPTIONS'] }), { method: 'DELETE' })
    expect(seen.status).toBe(405)
    expect(seen.headers.get('allow')).toBe('POST, OPTIONS')
  })

  test.each([
    ['another type', { 'content-type': 'text/plain' }],
    ['no type', {}],
    ['another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
  ])('%s is 415', async (_name, headers) => {
    const seen = await send(echo(), { headers: headers as Record<string, string>, body: '{}' })
    expect(seen.status).toBe(415)
    expect(seen.json.type).toBe('https://slipway.dev/problems/unsupported-media-type')
  })

  test.each(['code', 'CODE', 'secret', 'token', 'sig'])(
    '?%s= in the URL is 400, even with a good key',
    async (name) => {
      const url = `https://slipway.test/api/hooks/acr?${name}=s3cret-value`
      const seen = await send(echo({ authorize: () => true }), { url, body: '{}' })
      expect(seen.status).toBe(400)
      expect(seen.json.detail).toContain('header')
      expect(seen.text + seen.lines.join()).not.toContain('s3cret-value')
    },
  )

  test('an unknown caller is 401 and its body is not parsed', async () => {
    const seen = await send(echo({ authorize: async () => false }), { body: 'not json' })
    expect(seen.status).toBe(401)
    expect(seen.headers.get('www-authenticate')).toContain('slipway')
  })

  test.each(['not-found', 'denied', 'throttled', 'malformed'] as FaultKind[])(
    'keys that cannot be read (%s) are 503, so that the sender asks again',
    async (kind) => {
      const authorize = () => Promise.reject(new Fault(kind, 'vault says no', { retryAfterMs: 2500 }))
      const seen = await send(echo({ authorize }), { body: '{}' })
      expect(seen.status).toBe(503)
      expect(seen.headers.get('retry-after')).toBe('3')
      expect(seen.text).not.toContain('vault says no')
      expect(seen.lines.join()).toContain('vault says no')
    },
  )

  test('a returned problem carries its errors, id and path as problem+json', async () => {
    const errors = [{ path: 'strategy.steps.0', message: 'bake is not a duration', line: 4 }]
    const refusing = door(POSTED, () => problem(422, 'invalid', 'The manifest has 1 error.', { errors }))
    const seen = await send(refusing, {
      url: 'https://slipway.test/api/v1/manifests?environment=production',
      headers: { 'content-type': 'application/json', 'x-request-id': 'build-4711' },
      body: '{}',
    })
    expect(seen.headers.get('content-type')).toBe('application/problem+json')
    expect(seen.json).toEqual({
      type: 'https://slipway.dev/problems/invalid',
      title: 'The content is not valid',
      status: 422,
      detail: 'The manifest has 1 error.',
      instance: '/api/v1/manifests',
      requestId: 'build-4711',
      errors,
    })
  })

  test('a thrown Refusal is its problem', async () => {
    const seen = await send(throwing(new Refusal(problem(412, 'precondition-failed', 'Look again.'))), { body: '{}' })
    expect(seen.status).toBe(412)
    expect(seen.json.detail).toBe('Look again.')
  })
})

describe('what fails', () => {
  test.each([
    ['not-found', 404],
    ['conflict', 409],
    ['malformed', 502],
    ['unavailable', 503],
    ['throttled', 503],
    ['denied', 503],
  ] as const)('a Fault %s is %i', async (kind, status) => {
    const seen = await send(throwing(new Fault(kind, 'service "pricing" …')), { body: '{}' })
    expect(seen.status).toBe(status)
    expect(seen.headers.has('retry-after')).toBe(status === 503)
  })

  test('a door that says ask-again answers 503 to every Fault', async () => {
    const seen = await send(throwing(new Fault('not-found', 'queue gone'), { onFault: 'ask-again' }), { body: '{}' })
    expect(seen.status).toBe(503)
    expect(seen.headers.get('retry-after')).toBe('10')
    expect(seen.text).not.toContain('queue gone')
  })

  test('Retry-After stays between a second and an hour', async () => {
    const soon = await send(throwing(new Fault('throttled', 'x', { retryAfterMs: 0 })), { body: '{}' })
    const late = await send(throwing(new Fault('throttled', 'x', { retryAfterMs: 1e12 })), { body: '{}' })
    expect([soon.headers.get('retry-after'), late.headers.get('retry-after')]).toEqual(['1', '3600'])
  })

  test.each([new Error('connection string AccountKey=abc123'), 'a thrown string', undefined])(
    'an unknown error is 500 without its text, and is logged under the id',
    async (error) => {
      const seen = await send(throwing(error), { body: '{}' })
      expect(seen.status).toBe(500)
      expect(seen.text).not.toContain('connection')
      expect(seen.lines).toHaveLength(1)
      expect(seen.lines[0]).toContain(String(seen.json.requestId))
      expect(seen.lines[0]).not.toContain('abc123')
    },
  )
})

describe('the request id', () => {
  test('a good one is kept and sent back', async () => {
    const headers = { 'content-type': 'application/json', 'x-request-id': 'abc-12345' }
    const seen = await send(echo(), { headers, body: '{}' })
    expect(seen.headers.get('x-request-id')).toBe('abc-12345')
    expect(seen.json.id).toBe('abc-12345')
  })

  test.each(['short', 'has space in it', '<script>alert(1)</script>', 'x'.repeat(65), '../../etc/passwd'])(
    '"%s" is odd and replaced',
    async (id) => {
      const headers = { 'content-type': 'application/json', 'x-request-id': id }
      const seen = await send(echo(), { headers, body: '{}' })
      expect(seen.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    },
  )
})
