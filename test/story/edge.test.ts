import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { wallClock } from '../../sim/clock.ts'
import { createLoad } from '../../sim/load.ts'
import { createClient } from '../../sim/start/client.ts'
import { startStack } from '../../sim/start/stack.ts'
import { localToken } from '../../sim/start/token.ts'
import { missingParts, PROMETHEUS, REGISTRY, SKOPEO } from '../support/parts.ts'
import { freePort } from '../support/ports.ts'
import { startPrometheusOn } from '../support/prometheus.ts'
import { startRegistry } from '../support/registry.ts'

const missing = missingParts(PROMETHEUS, REGISTRY, SKOPEO)

/** Pricing as its team would declare it for this registry, judged by Prometheus, on a schedule of seconds. */
function manifest(registry: string): string {
  return `
name: pricing
environment: production
target: { subscription: 00000000-0000-0000-0000-000000000001, resourceGroup: rides, containerApp: pricing }
image: { registry: "${registry}", repository: team/pricing, tags: { semver: ">=2.0.0 <3" } }
strategy:
  canary:
    steps: [{ setWeight: 10 }, { bake: 8s }, { setWeight: 50 }, { bake: 6s }, { setWeight: 100 }]
analysis:
  interval: 1s
  bucket: 2s
  warmUp: 2s
  minRequests: 30
  onInconclusive: { after: 120s, then: abort }
  kpis:
    - { name: p95, latency: { percentile: 95, limit: 200ms }, source: prometheus, lag: 3s }
    - { name: errors, errorRate: { limit: 0.1% }, source: prometheus, lag: 3s }
drain: 2s
scaleDownDelay: 3s
watch: 5s
`
}

async function until<T>(what: string, withinMs: number, look: () => Promise<T | null>): Promise<T> {
  const end = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (Date.now() > end) throw new Error(`within ${withinMs} ms it did not happen that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

test.skipIf(missing !== null)(
  `an image pushed to a real registry is promoted with a real Prometheus as judge${missing === null ? '' : ` (skipped: ${missing})`}`,
  { timeout: 400_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-edge-'))
    const [registryPort, prometheusPort] = [await freePort(), await freePort()]
    const host = `127.0.0.1:${registryPort}`
    const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
    try {
      const stack = await startStack(folder, {
        SLIPWAY_ENVIRONMENTS: JSON.stringify({ production: { prometheusUrl: `http://127.0.0.1:${prometheusPort}` } }),
        SLIPWAY_REGISTRIES: JSON.stringify({ [host]: { auth: 'anonymous', url: `http://${host}` } }),
        SLIPWAY_MANIFESTS: '',
      })
      closing.push(stack.close)
      const { api, hookKey, services } = stack.local
      const authorization = `Bearer ${await localToken(stack.local)}`
      const prometheus = await startPrometheusOn(prometheusPort, `${stack.azure.ingress.url}/prometheus/targets`)
      closing.push(prometheus.stop)
      const registry = await startRegistry(registryPort, {
        url: `${api}/hooks/distribution`,
        authorization: `Bearer ${hookKey}`,
      })
      closing.push(registry.stop)
      const stored = await fetch(`${api}/v1/services/pricing/manifest`, {
        method: 'PUT',
        headers: { 'content-type': 'application/yaml', authorization },
        body: manifest(host),
      })
      expect({ status: stored.status, body: await stored.json() }).toMatchObject({
        status: 201,
        body: { kind: 'created', version: 1 },
      })
      const load = createLoad({
        streams: [{ name: 'pricing', url: services.pricing ?? '', rps: 80 }],
        clock: wallClock,
      })
      closing.push(load.close)

      await registry.push('team/pricing', 'nightly')
      await registry.push('team/pricing', 'v2.1.0')

      const client = createClient(stack.local)
      const status = await until('the rollout ended', 240_000, async () => {
        const now = await client.status('pricing')
        return now.phase === 'finished' ? now : null
      })
      expect(status).toMatchObject({ rollout: 'pricing-1', outcome: 'promoted', tag: 'v2.1.0' })
      const rows = await client.audit('pricing', 'pricing-1')
      const steps = rows.filter((row) => row.kind === 'step-started').map((row) => row.value)
      expect(steps).toEqual([10, 50, 100])
      expect(rows.flatMap((row) => row.evidence).every(({ source }) => source === 'prometheus')).toBe(true)
      expect(rows.some((row) => row.sentence.includes('bad of'))).toBe(true)
      expect(load.counts().pricing?.failed).toBe(0)
      const events = await fetch(`${api}/v1/events`, { headers: { authorization } })
      const { items } = (await events.json()) as { items: { outcome: string; reason: string }[] }
      expect(items.some(({ reason }) => reason.includes('tag nightly does not match >=2.0.0 <3'))).toBe(true)
    } finally {
      for (const close of closing.reverse()) await close()
    }
  },
)
