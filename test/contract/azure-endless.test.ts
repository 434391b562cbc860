import type { Socket } from 'node:net'
import { LogsQueryClient } from '@azure/monitor-query-logs'
import { MetricsClient } from '@azure/monitor-query-metrics'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { bounded, passSignals, TooLong } from '../../lib/adapters/metrics/azure-bounds.ts'
import { createAzureLogs } from '../../lib/adapters/metrics/azure-logs.ts'
import { createAzureMetrics } from '../../lib/adapters/metrics/azure-metrics.ts'
import { METRICS_SCOPE } from '../../lib/adapters/metrics/azure-metrics-request.ts'
import { type Listening, listen } from '../../sim/azure/serve.ts'
import { errorRate, MINUTE, query, START } from '../adapters/metrics/queries.ts'
import { type Trust, trust } from '../sim/azure/trust.ts'

const WORKSPACE = '11111111-2222-3333-4444-555555555555'
const CHUNK = ' '.repeat(64 * 1024)
const TIMEOUT = 20_000
const later = setTimeout

describe('an answer of Azure whose body does not end', { timeout: 60_000 }, () => {
  let local: Trust
  let server: Listening
  const open = new Set<Socket>()
  let requests = 0
  let flowing = Promise.withResolvers<void>()

  beforeAll(async () => {
    local = await trust()
    server = await listen((request, response) => {
      requests += 1
      open.add(request.socket)
      request.socket.once('close', () => open.delete(request.socket))
      request.resume()
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = () => {
        if (!request.socket.destroyed) response.write(CHUNK, () => later(more, 5))
      }
      more()
      later(flowing.resolve, 100)
    }, local.tls)
  })
  afterEach(() => {
    vi.useRealTimers()
    for (const socket of open) socket.destroy()
    requests = 0
    flowing = Promise.withResolvers<void>()
  })
  afterAll(async () => {
    await server?.close()
    await local?.identity.close()
  })

  const logsClient = () => new LogsQueryClient(local.credential, { endpoint: `${server.url}/v1`, ...local.client })
  const closed = () => expect.poll(() => open.size, { timeout: 30_000 }).toBe(0)

  /** What comes of a call whose time runs out while the body flows, however slow this machine is. */
  const whenTimeIsUp = async <T>(call: () => Promise<T>): Promise<T> => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const outcome = call()
    await flowing.promise
    vi.advanceTimersByTime(TIMEOUT)
    return outcome
  }

  test('is late in Log Analytics, and the server sees the connection close', async () => {
    const source = createAzureLogs({ client: logsClient(), workspaceOf: () => WORKSPACE, timeoutMs: TIMEOUT })
    const [reading] = await whenTimeIsUp(() => source.read([query()]))
    expect(reading).toMatchObject({ kind: 'missing', silence: 'late' })
    expect(requests).toBe(1)
    await closed()
  })

  test('is late in Azure Monitor, and the server sees the connection close', async () => {
    const clientFor = () =>
      new MetricsClient(server.url, local.credential, { ...local.client, audience: METRICS_SCOPE })
    const source = createAzureMetrics({ clientFor, endpoint: server.url, timeoutMs: TIMEOUT })
    const [reading] = await whenTimeIsUp(() => source.read([query({ kpi: errorRate(), to: START + MINUTE })]))
    expect(reading).toMatchObject({ kind: 'missing', silence: 'late' })
    expect(requests).toBe(1)
    await closed()
  })

  test('is given up when it is longer than any answer, however much time is left', async () => {
    const client = logsClient()
    passSignals(client.pipeline)
    passSignals(client.pipeline)
    const window = { startTime: new Date(START), endTime: new Date(START + MINUTE) }
    const call = bounded(
      ({ requestOptions }) => client.queryWorkspace(WORKSPACE, 'AppRequests', window, { requestOptions }),
      600_000,
      2 ** 20,
    )
    await expect(call).rejects.toThrow(TooLong)
    await closed()
  })
})
