import { afterEach, expect, test, vi } from 'vitest'
import { json, type Listening, listen, send } from '../../sim/azure/serve.ts'
import { wallClock } from '../../sim/clock.ts'
import { createLoad, type Load } from '../../sim/load.ts'

const left: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of left.splice(0).reverse()) await one.close()
})

async function serve(handler: Parameters<typeof listen>[0]): Promise<Listening> {
  const listening = await listen(handler)
  left.push(listening)
  return listening
}

function startLoad(url: string, timeoutMs?: number): Load {
  const streams = [{ name: 'shop', url, rps: 200 }]
  const load = createLoad({ streams, clock: wallClock, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
  left.push(load)
  return load
}

test('good answers are counted by version, over few connections', async () => {
  const sockets = new Set<unknown>()
  const server = await serve((request, response) => {
    sockets.add(request.socket)
    send(response, json(200, {}, { 'x-version': '2' }))
  })
  const load = startLoad(server.url)
  await vi.waitUntil(() => (load.counts().shop?.ok ?? 0) >= 100, 20_000)
  await load.close()
  const { sent, ok, failed, byVersion } = load.counts().shop ?? {}
  expect([ok, failed, byVersion]).toEqual([sent, 0, { 2: sent }])
  expect(sockets.size).toBeLessThan(50)
})

test('an answer of 400 or more, a broken connection and silence are failures, each with its kind', async () => {
  let request = 0
  const server = await serve((_, response) => {
    request++
    if (request === 1) send(response, json(404, {}))
    else if (request === 2) send(response, json(503, {}, { 'x-revision': 'shop--v3' }))
    else if (request === 3) response.destroy()
    else if (request !== 4) send(response, json(200, {}))
  })
  const load = startLoad(server.url, 300)
  await vi.waitUntil(() => load.failures().length === 4, 20_000)
  await load.close()
  const kinds = load.failures().map(({ kind, detail, revision }) => [kind, detail, revision])
  expect(kinds).toEqual([
    ['status', '404', null],
    ['status', '503', 'shop--v3'],
    ['network', 'ECONNRESET', null],
    ['timeout', 'no answer within 300 ms', null],
  ])
  const { sent = 0, ok, failed } = load.counts().shop ?? {}
  expect([ok, failed]).toEqual([sent - 4, 4])
})

test('closing sends no more, and waits for what is open', async () => {
  const answers: (() => void)[] = []
  const server = await serve((_, response) => answers.push(() => send(response, json(200, {}))))
  const load = startLoad(server.url)
  await vi.waitUntil(() => answers.length >= 5, 20_000)
  const closed = load.close()
  const { sent = 0, ok } = load.counts().shop ?? {}
  expect(ok).toBe(0)
  await vi.waitUntil(() => answers.length === sent, 20_000)
  for (const answer of answers) answer()
  await closed
  expect(load.counts().shop).toMatchObject({ sent, ok: sent, failed: 0 })
})
