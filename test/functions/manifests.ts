/** What differs from one manifest of these tests to the next. */
export interface ManifestWish {
  readonly name: string
  readonly environment?: string
  readonly registry?: string
  readonly repository?: string
  readonly source?: string
  /** YAML of the canary's steps. */
  readonly steps?: string
  readonly onNewRevision?: string
  readonly minRequests?: number
}

/** A manifest with a schedule of seconds and no KPI that could end a rollout. */
export function manifest(wish: ManifestWish): string {
  const { name, environment = 'production', registry = 'registry.example.com', repository = name } = wish
  return `name: ${name}
environment: ${environment}
target:
  subscription: 00000000-0000-0000-0000-000000000001
  resourceGroup: rides
  containerApp: ${name}
image: { registry: "${registry}", repository: ${repository}, tags: { glob: "v*" } }
strategy:
  canary:
    steps: ${wish.steps ?? '[{ setWeight: 10 }, { bake: 1h }, { setWeight: 50 }, { bake: 1h }, { setWeight: 100 }]'}
analysis:
  interval: 1s
  bucket: 1s
  warmUp: 0s
  minRequests: ${wish.minRequests ?? 50}
  onInconclusive: { after: 1h, then: abort }
  kpis:
    - { name: p95, latency: { percentile: 95, limit: 200ms }, source: ${wish.source ?? 'azure-logs'}, lag: 2s }
onNewRevision: ${wish.onNewRevision ?? 'supersede'}
deadlines: { ready: 60s, traffic: 60s }
drain: 1s
scaleDownDelay: 1s
watch: 2s
`
}
