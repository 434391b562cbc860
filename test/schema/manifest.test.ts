import { describe, expect, it } from 'vitest'
import { readManifest, readManifests } from '../../lib/schema/manifest.ts'
import { FULL, LEAST, said } from './texts.ts'

describe('a manifest', () => {
  it('is read with everything it says', () => {
    expect(readManifest(FULL)).toEqual({
      ok: true,
      manifest: {
        name: 'pricing',
        environment: 'production',
        target: {
          subscriptionId: '00000000-0000-0000-0000-00000000000a',
          resourceGroup: 'rides',
          app: 'pricing',
          container: 'api',
        },
        image: {
          registry: 'registry.example.com:5000',
          repository: 'team/pricing',
          tags: { kind: 'semver', range: '>=1.0.0 <3' },
        },
        stages: [
          { weight: 10, bakeMs: 48 * 3_600_000, gate: true },
          { weight: 50, bakeMs: 5_400_000, gate: false },
          { weight: 100, bakeMs: 0, gate: false },
        ],
        analysis: {
          intervalMs: 10_000,
          bucketMs: 120_000,
          warmUpMs: 300_000,
          onInconclusive: { afterMs: 3_600_000, then: 'abort' },
          onRelative: 'hold',
          onBlind: { afterMs: 1_800_000, then: 'wait' },
          requireEvidence: false,
          kpis: [
            {
              name: 'p99',
              role: 'guard',
              kind: 'latency',
              percentile: 99,
              limitMs: 1000,
              source: { kind: 'azure-logs' },
              lagMs: 120_000,
              minRequests: 70,
            },
            {
              name: 'errors',
              role: 'required',
              kind: 'error-rate',
              limitRatio: 0.005,
              alsoBad: [],
              source: {
                kind: 'prometheus',
                names: {
                  requests: 'rides:requests_total',
                  duration: 'duration_seconds',
                  revisionLabel: 'rev',
                  statusLabel: 'code',
                },
                counters: null,
                gauge: null,
              },
              lagMs: 60_000,
              minRequests: 50,
            },
          ],
        },
        onNewRevision: 'queue',
        deadlines: { readyMs: 300_000, trafficMs: 180_000, gateMs: 604_800_000 },
        approvals: null,
        drainMs: 0,
        scaleDownDelayMs: 3_600_000,
        watchMs: 1_200_000,
      },
    })
  })

  it('that says the least has every default', () => {
    expect(readManifest(LEAST)).toMatchObject({
      ok: true,
      manifest: {
        target: { container: null },
        image: { tags: { kind: 'glob', pattern: 'v*' } },
        stages: [
          { weight: 10, bakeMs: 172_800_000, gate: false },
          { weight: 50, bakeMs: 86_400_000, gate: false },
          { weight: 100, bakeMs: 0, gate: false },
        ],
        analysis: {
          intervalMs: 60_000,
          bucketMs: 60_000,
          warmUpMs: 300_000,
          onInconclusive: { afterMs: null, then: 'wait' },
          onRelative: 'hold',
          onBlind: { afterMs: 1_800_000, then: 'wait' },
          requireEvidence: false,
          kpis: [
            { name: 'p95', kind: 'latency', percentile: 95, limitMs: 200, lagMs: 180_000, minRequests: null },
            { name: 'errors', kind: 'error-rate', limitRatio: 0.001, lagMs: 180_000, minRequests: null },
          ].map((kpi) => ({ ...kpi, role: 'required', source: { kind: 'azure-logs' } })),
        },
        onNewRevision: 'supersede',
        deadlines: { readyMs: 600_000, trafficMs: 600_000, gateMs: null },
        drainMs: 60_000,
        scaleDownDelayMs: 600_000,
        watchMs: 900_000,
      },
    })
  })

  it('may be written as JSON', () => {
    const json = JSON.stringify({
      name: 'routing',
      environment: 'production',
      target: { subscription: '00000000-0000-0000-0000-000000000001', resourceGroup: 'rides', containerApp: 'routing' },
      image: { registry: 'registry.example.com', repository: 'routing', tags: 'v*' },
    })
    expect(readManifest(json)).toEqual(readManifest(LEAST))
  })

  it.each<[string, string, string]>([
    ['name: pricing', 'nam: pricing', 'line 1:1 nam: `nam` is not known here. Did you mean `name`?'],
    ['name: pricing', 'name: Pricing', 'line 1:7 name: is no valid name;'],
    ['name: pricing', 'name: 12', 'line 1:7 name: must be text; put it in quotes'],
    ['name: pricing', 'name:', 'line 1:1 name: has no value; write one, e.g. `pricing`'],
    ['name: pricing', `name: ${'a'.repeat(33)}`, 'line 1:7 name: is no valid name;'],
    ['name: pricing', 'name: pricing\nname: other', 'line 2:1 name: stands twice; keep one of the two'],
    ['environment: production', '', 'environment: is missing; add it, e.g. `environment: production`'],
    ['00000000-0000-0000-0000-00000000000A', 'mine', 'target.subscription: is no subscription id'],
    ['resourceGroup: rides', 'resourceGroup: rides.', 'target.resourceGroup: is no resource group name'],
    ['containerApp: pricing', `containerApp: ${'a'.repeat(33)}`, 'target.containerApp: is longer than 32 characters'],
    ['containerApp: pricing', 'containerApp: pric--ing', 'target.containerApp: is no container app name'],
    ['containerApp: pricing', 'containerapp: pricing', 'Did you mean `containerApp`?'],
    ['container: api', 'container: -api', 'target.container: is no container name'],
    ['registry.example.com:5000', 'https://registry.example.com', 'line 4:20 image.registry: holds a scheme'],
    ['registry.example.com:5000', 'registry.example.com/team', 'image.registry: holds a path'],
    [
      'registry.example.com:5000',
      'Registry.example.com',
      'image.registry: must be lower case; write `registry.example.com`',
    ],
    ['registry.example.com:5000', 'registry_example.com', 'image.registry: is no host name'],
    ['team/pricing', 'team/Pricing', 'image.repository: must be lower case; write `team/pricing`'],
    ['team/pricing', '"team/pricing:v1"', 'image.repository: holds a tag or digest'],
    ['team/pricing', 'team//pricing', 'image.repository: is no repository name'],
    ['team/pricing', '"registry.example.com:5000/x"', 'image.repository: holds a tag or digest'],
    ['>=1.0.0 <3', 'one to three', 'image.tags.semver: is no range of versions'],
    ['>=1.0.0 <3', '', 'image.tags.semver: is no range of versions'],
    ['{ semver: ">=1.0.0 <3" }', '"v[0-9]"', 'image.tags: is no glob'],
    ['{ semver: ">=1.0.0 <3" }', '{ glob: "v*", semver: "1" }', 'image.tags: needs either `glob` or `semver`'],
    [
      '{ semver: ">=1.0.0 <3" }',
      '{ smver: "1" }',
      'image.tags.smver: `smver` is not known here. Did you mean `semver`?',
    ],
    ['{ semver: ">=1.0.0 <3" }', '[v1]', 'image.tags: must be a glob like'],
    ['  canary:\n', '  blueGreen:\n', 'strategy.blueGreen: `blueGreen` is not known here. Known here: `canary`.'],
    ['    steps:', '    step:', 'strategy.canary.step: `step` is not known here. Did you mean `steps`?'],
    ['setWeight: 10', 'setWeight: 0', 'line 8:20 strategy.canary.steps[0].setWeight: must be at least 1'],
    [
      'setWeight: 10',
      'setWeight: 10%',
      'steps[0].setWeight: must be a whole number of percent from 1 to 100, without `%`',
    ],
    ['setWeight: 10', 'setWieght: 10', 'steps[0].setWieght: `setWieght` is not known here. Did you mean `setWeight`?'],
    [
      'setWeight: 10',
      'setWeight: 60',
      'line 11:22 strategy.canary.steps[3].setWeight: must be more than the 60 before it',
    ],
    ['- setWeight: 10\n', '- {}\n', 'strategy.canary.steps[0]: is empty; write `setWeight`, `bake` or `pause`'],
    ['      - setWeight: 10\n', '', 'line 8:15 strategy.canary.steps[0].bake: stands before the first `setWeight`'],
    ['bake: 48h', 'bake: 48', 'line 9:15 strategy.canary.steps[1].bake: must be a duration with its unit'],
    ['bake: 48h', 'bake: 2 days', 'strategy.canary.steps[1].bake: is no duration'],
    ['pause: {}', 'pause: 1h', 'line 10:16 strategy.canary.steps[2].pause: waits for a person and takes no time'],
    ['pause: {}', 'pause: {}\n      - pause: {}', 'strategy.canary.steps[3].pause: follows another pause'],
    ['interval: 10s', 'interval: 999ms', 'analysis.interval: is too short; the least is 1s'],
    ['minRequests: 50', 'minRequests: 0', 'analysis.minRequests: must be at least 1'],
    ['then: abort', 'then: panic', 'analysis.onInconclusive.then: must be `wait`, `abort` or `promote-never`'],
    ['percentile: 99,', 'percentile: 100,', 'kpis[0].latency.percentile: must be at most 99.99'],
    ['name: p99', 'name: errors', 'line 19:13 analysis.kpis[1].name: names a KPI that stands above already'],
    ['limit: 0.5%', 'limit: 5', 'analysis.kpis[1].errorRate.limit: would let every request fail'],
    ['rides:requests_total', '"rides requests"', 'source.prometheus.requests: is no metric name'],
    ['duration: duration_seconds', 'duration: d_bucket', 'source.prometheus.duration: must be the histogram itself'],
    ['revisionLabel: rev,', 'revisionLabel: __rev,', 'source.prometheus.revisionLabel: is no label name'],
    ['onNewRevision: queue', 'onNewRevision: wait', 'onNewRevision: must be `supersede`, `queue` or `reject`'],
    ['drain: 0s', 'drain: -5s', 'drain: is no duration'],
    ['drain: 0s', 'deadlines:', 'deadlines: stands twice'],
    ['watch: 20m', 'watch: 400d', 'watch: is too long; the most is 365d'],
    ['watch: 20m', 'watch: !secret 20m', 'is no valid YAML: Unresolved tag: !secret'],
    ['watch: 20m', 'watch: [20m', 'is no valid YAML:'],
  ])('with %s turned into %j is told so', (from, to, wanted) => {
    expect(FULL).toContain(from)
    const issues = said(FULL.replace(from, () => to))
    expect(
      issues.filter((issue) => issue.includes(wanted)),
      issues.join('\n'),
    ).toHaveLength(1)
  })

  it('with a repository that repeats the registry is told what to write', () => {
    const issues = said(LEAST.replace('repository: routing', 'repository: registry.example.com/routing'))
    expect(issues).toEqual(['line 4:54 image.repository: repeats the registry; write `routing`'])
  })

  it('is told everything at once, in the order of its lines', () => {
    const broken = FULL.replace('name: pricing', 'name: P')
      .replace('bake: 48h', 'bake: 48')
      .replace('watch: 20m', 'wach: 20m')
      .replace('limit: 0.5%', 'limit: half')
    const read = readManifest(broken, 'pricing.yaml')
    expect(read.ok ? [] : read.issues.map(({ file, line, path }) => `${file}:${line} ${path}`)).toEqual([
      'pricing.yaml:1 name',
      'pricing.yaml:9 strategy.canary.steps[1].bake',
      'pricing.yaml:20 analysis.kpis[1].errorRate.limit',
      'pricing.yaml:26 wach',
    ])
  })

  it.each([
    ['empty text', '', 'holds no manifest'],
    ['comments only', '# nothing\n---\n', 'holds no manifest'],
    ['a list', '- a', 'must be a mapping'],
    ['two manifests', `${LEAST}---\n${FULL}`, 'holds several manifests'],
    ['more than 256 KiB', `${LEAST}# ${'ä'.repeat(140_000)}`, 'is larger than 256 KiB'],
    ['nesting without end', '['.repeat(100_000), 'is nested too deeply'],
    ['brackets beyond reason', `x: ${'['.repeat(201)}${']'.repeat(201)}`, 'is nested too deeply'],
    ['lists in lists in one line', `x:\n  ${'- '.repeat(100)}a`, 'is nested too deeply'],
    ['17 levels', `x: ${'[ '.repeat(17)}${'] '.repeat(17)}`, 'has too many levels'],
    ['a loop of aliases', '&a [*a]', 'must be a mapping'],
  ])('of %s is refused', (_, text, wanted) => {
    const read = readManifest(text)
    expect(read.ok ? '' : read.issues[0]?.message).toContain(wanted)
  })

  it('may use a few aliases, but no bomb of them', () => {
    const few = LEAST.replace('environment: production', 'environment: &e production').replace(
      'resourceGroup: rides',
      'resourceGroup: *e',
    )
    expect(readManifest(few)).toMatchObject({ ok: true, manifest: { target: { resourceGroup: 'production' } } })
    const level = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]\n`
    const bomb = `a: &a [x, x]\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}`
    expect(said(bomb)).toHaveLength(1)
    expect(said(bomb)[0]).toContain('has too many aliases')
  })
})

describe('several manifests in one text', () => {
  it('are read in their order', () => {
    const read = readManifests(`${LEAST}---\n${FULL}---\n`)
    expect(read.ok ? read.manifests.map(({ name }) => name) : read.issues).toEqual(['routing', 'pricing'])
  })

  it('are all refused when one is wrong, with the line in the whole text', () => {
    expect(said(`${LEAST}---\n${LEAST.replace('name: routing', 'name: R')}`)).toEqual([
      expect.stringMatching(/^line 6:7 name: is no valid name/),
    ])
  })

  it('may not be the same service twice', () => {
    expect(said(`${LEAST}---\n${LEAST}`)).toEqual(['line 6:7 name: names `production/routing` a second time; keep one'])
  })

  it('may not run the same container app', () => {
    expect(said(`${LEAST}---\n${LEAST.replace('name: routing', 'name: shadow')}`)).toEqual([
      "line 8:99 target.containerApp: is run by `routing` already; two services cannot move one app's traffic",
    ])
  })
})
