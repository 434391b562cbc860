import functions from '@azure/functions'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson } from '../../lib/door/body.ts'
import { door, JSON_TYPES, Refusal } from '../../lib/door.ts'
import { requestOf, send } from './support.ts'

const LIMIT = 64
const authorized: string[] = []
const small = door(
  {
    methods: ['POST'],
    accepts: JSON_TYPES,
    maxBytes: LIMIT,
    authorize: () => {
      authorized.push('asked')
      return true
    },
  },
  (visit) => ({ jsonBody: { bytes: visit.bytes.byteLength } }),
)

/** A request whose body arrives in pieces without a Content-Length, and that counts how many pieces were taken. */
function streamed(pieces: number) {
  let taken = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        taken += 1
        if (taken > pieces) controller.close()
        else controller.enqueue(Buffer.alloc(10, 0x20))
      },
    },
    { highWaterMark: 0 },
  )
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' }
  const nativeRequest = new Request('https://slipway.test/api/hooks/acr', init as RequestInit)
  const request = new functions.HttpRequest({ nativeRequest } as functions.HttpRequestInit)
  return { request, taken: () => taken }
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

function keyed(count: number): string {
  return JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index])))
}

test('a body of exactly the limit passes', async () => {
  const seen = await send(small, { body: `"${'x'.repeat(LIMIT - 2)}"` })
  expect(seen.json).toEqual({ bytes: LIMIT })
})

test('a body one byte over the limit is 413 before anybody is asked for a key', async () => {
  authorized.length = 0
  const seen = await send(small, { body: `"${'x'.repeat(LIMIT - 1)}"` })
  expect(seen.status).toBe(413)
  expect(authorized).toEqual([])
})

test('a Content-Length over the limit is 413 without touching the body', async () => {
  const request = requestOf({ headers: { 'content-type': 'application/json', 'content-length': '65' }, body: '{}' })
  const seen = await send(small, request)
  expect(seen.status).toBe(413)
  expect(request.bodyUsed).toBe(false)
})

test.each(['-1', '1e3', 'many'])('a Content-Length of "%s" is 400', async (length) => {
  const headers = { 'content-type': 'application/json', 'content-length': length }
  expect((await send(small, { headers, body: '{}' })).status).toBe(400)
})

test('a stream is left as soon as it is over the limit', async () => {
  const { request, taken } = streamed(1000)
  expect((await send(small, request)).status).toBe(413)
  expect(taken()).toBeLessThan(10)
})

test.each([
  ['text that is not JSON', '{"a":'],
  ['an empty body', ''],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
])('%s is 400', async (_name, body) => {
  const seen = await send(small, { body })
  expect(seen.status).toBe(400)
  expect(seen.json.type).toBe('https://slipway.dev/problems/malformed-body')
})

test('JSON may nest 16 deep and no deeper', () => {
  expect(parseJson(nested(16))).toBeInstanceOf(Array)
  expect(() => parseJson(nested(17))).toThrow(Refusal)
  expect(() => parseJson(nested(100_000))).toThrow(Refusal)
})

test('JSON may have 1,000 keys in all and no more', () => {
  expect(Object.keys(parseJson(keyed(1000)) as object)).toHaveLength(1000)
  expect(() => parseJson(keyed(1001))).toThrow(Refusal)
  expect(() => parseJson(`[${keyed(500)},[${keyed(501)}]]`)).toThrow(Refusal)
})

test('whatever is sent, the door answers a status it knows and never a 5xx', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2 * LIMIT }), async (body) => {
      expect([200, 400, 413]).toContain((await send(small, { body })).status)
    }),
  )
})
