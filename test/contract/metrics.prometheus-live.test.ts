import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createPrometheus } from '../../lib/adapters/metrics/prometheus.ts'
import { errorRate, NAMES, query, SOURCES } from '../adapters/metrics/queries.ts'
import { missingParts, PROMETHEUS } from '../support/parts.ts'
import { startPrometheus } from '../support/prometheus.ts'

const without = missingParts(PROMETHEUS)
const skipped = without === null ? '' : ` (skipped: ${without})`
const ERRORS = errorRate({ source: SOURCES.prometheus })

describe.skipIf(without !== null)(`counts as they are scraped${skipped}`, { timeout: 120_000 }, () => {
  test('buckets of any length add up to what was counted since the first scrape, also of a replica that is gone', async () => {
    const counters = { ok: 50, failed: 1 }
    const service = await listen(() => [
      `${NAMES.requests}{revision="live--a",status="200"} ${counters.ok}`,
      `${NAMES.requests}{revision="live--a",status="500"} ${counters.failed}`,
    ])
    const prometheus = await startPrometheus([service.host])
    try {
      const from = Math.floor(Date.now() / 60_000 - 1) * 60_000
      await service.scraped(1)
      counters.ok += 30
      await service.scraped(1)
      counters.failed += 4
      await service.scraped(1)
      counters.ok += 7
      await service.scraped(1)
      service.close()
      await untilDown(prometheus.url)
      const to = Math.ceil(Date.now() / 60_000) * 60_000
      const metrics = createPrometheus({ urlOf: () => prometheus.url, timeoutMs: 60_000 })
      for (const bucketMs of [1000, 60_000]) {
        const [reading] = await metrics.read([query({ kpi: ERRORS, revision: 'live--a', from, to, bucketMs })])
        if (reading?.kind !== 'measured') throw new Error(`not measured: ${reading?.why}`)
        const add = (figure: 'bad' | 'total') => reading.buckets.reduce((sum, bucket) => sum + bucket[figure], 0)
        expect([add('bad'), add('total')]).toEqual([4, 41])
      }
    } finally {
      await prometheus.stop()
      service.close()
    }
  })
})

/** Waits until the server has noticed that its target is gone, which ends the target's series at once. */
async function untilDown(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/api/v1/query?query=up`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    if (data.result.some(({ value }) => value[1] === '0')) return
    await sleep(50)
  }
}

/** A service whose `/metrics` is whatever its counters say, and that knows how often it was scraped. */
async function listen(lines: () => readonly string[]) {
  let scrapes = 0
  const server = createServer((_, response) => {
    scrapes += 1
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(
      lines()
        .map((line) => `${line}\n`)
        .join(''),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Waits until it was scraped so many times more, and the last scrape can be queried. */
    scraped: async (times: number) => {
      for (const goal = scrapes + times + 1; scrapes < goal; ) await sleep(50)
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
