import { formatIssue } from '../../lib/schema/issue.ts'
import { readManifests } from '../../lib/schema/manifest.ts'

/** A manifest that says nearly everything. */
export const FULL = `name: pricing
environment: production
target: { subscription: 00000000-0000-0000-0000-00000000000A, resourceGroup: rides, containerApp: pricing, container: api }
image: { registry: registry.example.com:5000, repository: team/pricing, tags: { semver: ">=1.0.0 <3" } }
strategy:
  canary:
    steps:
      - setWeight: 10
      - bake: 48h
      - pause: {}
      - { setWeight: 50, bake: 1h30m }
analysis:
  interval: 10s
  bucket: 2m
  onInconclusive: { after: 1h, then: abort }
  minRequests: 50
  kpis:
    - { name: p99, latency: { percentile: 99, limit: 1s }, source: azure-logs, lag: 2m, minRequests: 70, role: guard }
    - name: errors
      errorRate: { limit: 0.5% }
      source: { prometheus: { requests: rides:requests_total, duration: duration_seconds, revisionLabel: rev, statusLabel: code } }
onNewRevision: queue
deadlines: { ready: 5m, traffic: 3m, gate: 7d }
drain: 0s
scaleDownDelay: 1h
watch: 20m
`

/** A manifest that says the least that it may. */
export const LEAST = `name: routing
environment: production
target: { subscription: 00000000-0000-0000-0000-000000000001, resourceGroup: rides, containerApp: routing }
image: { registry: registry.example.com, repository: routing, tags: "v*" }
`

/** What the desk says about a text, a line per issue. */
export function said(text: string): readonly string[] {
  const read = readManifests(text)
  return read.ok ? [] : read.issues.map(formatIssue)
}
