import { describe, expect, it } from 'vitest'
import type { Analysis, Kpi, Source } from '../../lib/core/service.ts'
import { readManifest } from '../../lib/schema/manifest.ts'
import { LEAST, said } from './texts.ts'

/** The shortest manifest with this `analysis`, which begins at line 5. */
const withAnalysis = (analysis: string): string => `${LEAST}analysis: ${analysis}\n`
/** …with one KPI that is right, and one more that says this. */
const withKpi = (kpi: string): string =>
  withAnalysis(`{ kpis: [{ name: first, errorRate: { limit: 1% } }, { name: it, ${kpi} }] }`)

function analysisOf(text: string): Analysis {
  const read = readManifest(text)
  return read.ok ? read.manifest.analysis : (expect.unreachable(said(text).join('\n')) as never)
}

const kpiOf = (kpi: string): Kpi | undefined => analysisOf(withKpi(kpi)).kpis[1]

const USUAL_NAMES = {
  requests: 'http_requests_total',
  duration: 'http_request_duration_seconds',
  revisionLabel: 'revision',
  statusLabel: 'status',
}

describe('analysis', () => {
  it('is read with everything it says', () => {
    const text = `{ interval: 30s, bucket: 5m, warmUp: 0s, minRequests: 900, onInconclusive: { after: 2h, then: promote-never },
      onRelative: abort, onBlind: { after: 10m, then: abort }, requireEvidence: true }`
    expect(analysisOf(withAnalysis(text))).toMatchObject({
      intervalMs: 30_000,
      bucketMs: 300_000,
      warmUpMs: 0,
      onInconclusive: { afterMs: 7_200_000, then: 'promote-never' },
      onRelative: 'abort',
      onBlind: { afterMs: 600_000, then: 'abort' },
      requireEvidence: true,
      kpis: [
        { name: 'p95', minRequests: 900 },
        { name: 'errors', minRequests: 900 },
      ],
    })
  })

  it.each<[string, string]>([
    ['{ window: 5m }', 'analysis.window: `window` is not known here. Known here: `interval`, `bucket`,'],
    ['{ bucket: 999ms }', 'analysis.bucket: is too short; the least is 1s'],
    ['{ bucket: 61m }', 'analysis.bucket: is too long; the most is 1h'],
    ['{ warmUp: soon }', 'analysis.warmUp: is no duration'],
    ['{ warmup: 5m }', 'analysis.warmup: `warmup` is not known here. Did you mean `warmUp`?'],
    ['{ minRequests: 0.5 }', 'analysis.minRequests: must be a whole number'],
    ['{ minRequests: 2000000000 }', 'analysis.minRequests: must be at most 1000000000'],
    ['{ onInconclusive: { then: pause } }', 'onInconclusive.then: must be `wait`, `abort` or `promote-never`'],
    ['{ onInconclusive: wait }', 'analysis.onInconclusive: must be a mapping'],
    ['{ onBlind: { then: promote-never } }', 'analysis.onBlind.then: must be `wait` or `abort`'],
    ['{ onBlind: { after: 30 } }', 'analysis.onBlind.after: must be a duration with its unit, e.g. `30m`'],
    ['{ onRelative: wait }', 'analysis.onRelative: must be `hold`, `abort` or `ignore`'],
    ['{ requireEvidence: "yes" }', 'analysis.requireEvidence: must be `true` or `false`'],
    ['{ kpis: [] }', 'analysis.kpis: is empty, so nothing could ever stop a bad revision'],
    ['{ kpis: 3 }', 'analysis.kpis: must be a list of KPIs, e.g.'],
  ])('%s is told what is wrong', (analysis, wanted) => {
    const issues = said(withAnalysis(analysis))
    expect(issues).toHaveLength(1)
    expect(issues[0]).toMatch(/^line 5:\d+ /)
    expect(issues[0]).toContain(wanted)
  })

  const many = (count: number) =>
    withAnalysis(
      `{ kpis: [${Array.from({ length: count }, (_, n) => `{ name: kpi-${n}, errorRate: { limit: 1% } }`)}] }`,
    )

  it('has 12 KPIs at most, since they share the evidence', () => {
    expect(analysisOf(many(12)).kpis).toHaveLength(12)
    expect(said(many(13))).toEqual([
      expect.stringContaining('analysis.kpis: has more than 12 KPIs, and each takes its share'),
    ])
  })

  it.each(['guard', 'advisory'])('has a KPI that is required, so one of the role %s is not enough', (role) => {
    expect(said(withAnalysis(`{ kpis: [{ name: it, role: ${role}, errorRate: { limit: 1% } }] }`))).toEqual([
      expect.stringMatching(/analysis\.kpis: has no KPI with the role `required`, so a step could pass unseen/),
    ])
  })

  it.each(['1s', '30s', '90s'])('with buckets of %s is refused for azure-metrics, KPI by KPI', (bucket) => {
    const kpis = ['azure-metrics', 'azure-logs', 'azure-metrics'].map(
      (source, n) => `{ name: kpi-${n}, errorRate: { limit: 1% }, source: ${source} }`,
    )
    const issues = said(withAnalysis(`{ bucket: ${bucket}, kpis: [${kpis}] }`))
    const why = 'knows whole minutes only; make `analysis.bucket` 1m, or a multiple of it'
    expect(issues.map((issue) => issue.replace(/^line \d+:\d+ /, ''))).toEqual([
      `analysis.kpis[0].source: ${why}`,
      `analysis.kpis[2].source: ${why}`,
    ])
    expect(said(withAnalysis(`{ bucket: 2m, kpis: [${kpis}] }`))).toEqual([])
  })
})

describe('a KPI', () => {
  it.each<[string, Partial<Kpi>]>([
    ['latency: { percentile: 99.5, limit: 1s }', { kind: 'latency', percentile: 99.5, limitMs: 1000 }],
    ['errorRate: { limit: 0.1% }', { kind: 'error-rate', limitRatio: 0.001, alsoBad: [] }],
    [
      'errorRate: { limit: 0.001, alsoBad: [429, 408] }',
      { kind: 'error-rate', limitRatio: 0.001, alsoBad: [429, 408] },
    ],
    ['uptime: { target: 99.9% }', { kind: 'uptime', limitRatio: 0.001 }],
    ['uptime: { target: 0.99 }', { kind: 'uptime', limitRatio: 0.01 }],
    ['ratio: { limit: 2% }, source: { http: { url: "https://a.b/c" } }', { kind: 'ratio', limitRatio: 0.02 }],
    [
      'gauge: { limit: 9.5 }, source: { http: { url: "https://a.b/c" } }',
      { kind: 'gauge', limit: 9.5, wanted: 'below' },
    ],
    [
      'gauge: { limit: -1, wanted: above }, source: { prometheus: { gauge: left } }',
      { kind: 'gauge', limit: -1, wanted: 'above' },
    ],
    ['role: advisory, errorRate: { limit: 1% }', { role: 'advisory' }],
    [
      'role: guard, errorRate: { limit: 1% }, lag: 10m, minRequests: 1',
      { role: 'guard', lagMs: 600_000, minRequests: 1 },
    ],
  ])('that says { %s } is read', (written, expected) => {
    expect(kpiOf(written)).toMatchObject(expected)
  })

  it('with a number of requests of its own goes before that of all', () => {
    const kpis = '[{ name: one, errorRate: { limit: 1% } }, { name: two, errorRate: { limit: 1% }, minRequests: 7 }]'
    const { kpis: read } = analysisOf(withAnalysis(`{ minRequests: 500, kpis: ${kpis} }`))
    expect(read.map((kpi) => kpi.minRequests)).toEqual([500, 7])
  })

  it.each<[string, string]>([
    ['errorRate: { limit: 0 }', 'errorRate.limit: must be above 0; no service answers all requests, so write how many'],
    ['errorRate: { limit: 0% }', 'errorRate.limit: must be above 0'],
    ['errorRate: { limit: 100% }', 'errorRate.limit: would let every request fail'],
    ['errorRate: { limit: -1 }', 'errorRate.limit: must not be below 0'],
    ['ratio: { limit: 0 }, source: { http: { url: "https://a.b/c" } }', 'ratio.limit: must be above 0'],
    ['uptime: { target: 100% }', 'uptime.target: must be below 100 %; no service answers all requests'],
    ['uptime: { target: 0 }', 'uptime.target: must be above 0; write which share must be answered'],
    ['uptime: {}', 'uptime.target: is missing; add it, e.g. `target: 99.9%`'],
    ['uptime: { target: most }', 'uptime.target: is no percentage; write it like `99.9%`'],
    ['errorRate: { limit: 1%, alsoBad: 429 }', 'errorRate.alsoBad: must be a list of HTTP statuses'],
    ['errorRate: { limit: 1%, alsoBad: [429, 4290] }', 'errorRate.alsoBad[1]: must be an HTTP status'],
    [`errorRate: { limit: 1%, alsoBad: [${Array(21).fill(404)}] }`, 'errorRate.alsoBad: has more than 20 statuses'],
    [
      'latency: { percentile: 0, limit: 1s }',
      'latency.percentile: must be at least 10; write the 95th percentile as `95`',
    ],
    ['latency: { percentile: 95, limit: 0s }', 'latency.limit: is too short; the least is 1ms'],
    ['gauge: { limit: many }, source: { http: { url: "https://a.b/c" } }', 'gauge.limit: must be a number'],
    ['gauge: { limit: 3, wanted: over }, source: { http: { url: "https://a.b/c" } }', 'must be `below` or `above`'],
    ['errorRate: { limit: 1% }, role: needed', 'role: must be `required`, `guard` or `advisory`'],
    ['errorRate: { limit: 1% }, lag: 601s', 'lag: is too long; the most is 10m'],
    ['errorRate: { limit: 1% }, minRequests: 0', 'minRequests: must be at least 1'],
  ])('that says { %s } is told what is wrong', (written, wanted) => {
    const issues = said(withKpi(written))
    expect(issues).toHaveLength(1)
    expect(issues[0]).toContain('analysis.kpis[1].')
    expect(issues[0]).toContain(wanted)
  })

  it.each(['source: probe', 'errorRate: { limit: 1% }, latency: { percentile: 95, limit: 1s }'])(
    'that says { %s } says not exactly one thing that is measured',
    (written) => {
      expect(said(withKpi(written))).toEqual([
        expect.stringMatching(
          /analysis\.kpis\[1\]: needs exactly one of `latency`, `errorRate`, `uptime`, `ratio`, `gauge`$/,
        ),
      ])
    },
  )
})

describe('a source', () => {
  const prometheus = (changes: object): Source => ({
    kind: 'prometheus',
    names: USUAL_NAMES,
    counters: null,
    gauge: null,
    ...changes,
  })
  it.each<[string, number, Source]>([
    ['errorRate: { limit: 1% }', 180_000, { kind: 'azure-logs' }],
    ['errorRate: { limit: 1% }, source: azure-logs', 180_000, { kind: 'azure-logs' }],
    ['errorRate: { limit: 1% }, source: azure-metrics', 180_000, { kind: 'azure-metrics' }],
    ['uptime: { target: 99% }, source: app-insights', 180_000, { kind: 'app-insights', dimension: null }],
    [
      'uptime: { target: 99% }, source: { app-insights: { dimension: rev } }',
      180_000,
      { kind: 'app-insights', dimension: 'rev' },
    ],
    ['errorRate: { limit: 1% }, source: prometheus', 60_000, prometheus({})],
    [
      'errorRate: { limit: 1% }, source: { prometheus: { statusLabel: code } }',
      60_000,
      prometheus({ names: { ...USUAL_NAMES, statusLabel: 'code' } }),
    ],
    [
      `errorRate: { limit: 1% }, source: { prometheus: { labels: { environment: production, team: 'a"} or up #' } } }`,
      60_000,
      prometheus({ names: { ...USUAL_NAMES, labels: { environment: 'production', team: 'a"} or up #' } } }),
    ],
    [
      'ratio: { limit: 1% }, source: { prometheus: { bad: lost_total, total: sent_total } }',
      60_000,
      prometheus({ counters: { bad: 'lost_total', total: 'sent_total' } }),
    ],
    ['gauge: { limit: 5 }, source: { prometheus: { gauge: depth } }', 60_000, prometheus({ gauge: 'depth' })],
    [
      'errorRate: { limit: 1% }, source: { http: { url: "https://a.b:8443/c", secret: kpi-figures } }',
      60_000,
      { kind: 'http', url: 'https://a.b:8443/c', secret: 'kpi-figures' },
    ],
    [
      'latency: { percentile: 95, limit: 1s }, source: { http: { url: "http://a.b/c" } }',
      60_000,
      { kind: 'http', url: 'http://a.b/c', secret: null },
    ],
    ['uptime: { target: 99% }, source: probe', 0, { kind: 'probe', path: '/', count: 6, timeoutMs: 2000 }],
    [
      'latency: { percentile: 95, limit: 1s }, source: { probe: { path: /health, count: 60, timeout: 10s } }',
      0,
      { kind: 'probe', path: '/health', count: 60, timeoutMs: 10_000 },
    ],
  ])('{ %s } lags behind by %i ms and is read', (written, lagMs, source) => {
    expect(kpiOf(written)).toMatchObject({ lagMs, source })
    expect(kpiOf(written)?.source).toEqual(source)
  })

  const cannotRatio = 'cannot count events of your own; use prometheus with `bad` and `total`, or http'
  const cannotGauge = 'cannot read a figure of your own; use prometheus with `gauge`, or http'
  const mustBe = 'must be one of `azure-logs`, `azure-metrics`, `app-insights`, `prometheus`, `probe`, or `http:`'
  it.each<[string, string]>([
    [
      'latency: { percentile: 95, limit: 1s }, source: azure-metrics',
      'source: cannot measure a revision’s latency: Azure Monitor’s ResponseTime is an average over all revisions; use azure-logs,',
    ],
    ...['azure-logs', 'azure-metrics', 'app-insights', 'probe'].flatMap((name): [string, string][] => [
      [`ratio: { limit: 1% }, source: ${name}`, `source: ${cannotRatio}`],
      [`gauge: { limit: 3 }, source: ${name}`, `source: ${cannotGauge}`],
    ]),
    ['ratio: { limit: 1% }, source: prometheus', 'source: needs `bad` and `total` here: the two counters of the ratio'],
    ['gauge: { limit: 3 }, source: prometheus', 'source: needs `gauge` here: the name of the metric'],
    [
      'errorRate: { limit: 1% }, source: { prometheus: { bad: a } }',
      'source.prometheus: needs both `bad` and `total`, or neither',
    ],
    [
      'errorRate: { limit: 1% }, source: { prometheus: { gauge: depth } }',
      'source: has `bad` and `total`, or `gauge`, which this KPI does not read',
    ],
    [
      'errorRate: { limit: 1% }, source: { prometheus: { revisionLabel: code, statusLabel: code } }',
      'source.prometheus.statusLabel: is the label of the revision already',
    ],
    [
      'errorRate: { limit: 1% }, source: { prometheus: { revisionLabel: le } }',
      'source.prometheus.revisionLabel: is the label of a histogram’s bounds',
    ],
    ...Object.entries({
      '{ a: b, status: "200" }': '.status: tells revisions, statuses or bounds apart',
      '{ revision: shop--a }': '.revision: tells revisions, statuses or bounds apart',
      '{ le: "1" }': '.le: tells revisions, statuses or bounds apart',
      '{ a: b, c: d, e: f, g: h, i: j, k: l }': ': has too many labels; the most is 5',
      '{ a: 1 }': '.a: must be text; put it in quotes',
      '{ a: "" }': '.a: is empty',
      [`{ a: ${'b'.repeat(201)} }`]: '.a: is too long',
      '{ "a b": c }': '.a b: is no label name',
      '{ __name__: up }': '.__name__: is no label name',
      production: ': must be labels with their values',
    }).map(([labels, message]): [string, string] => [
      `errorRate: { limit: 1% }, source: { prometheus: { labels: ${labels} } }`,
      `source.prometheus.labels${message}`,
    ]),
    ['errorRate: { limit: 1% }, source: probe', 'source: sees its own probes only; call it `uptime`'],
    ['errorRate: { limit: 1% }, source: azure-log', `source: ${mustBe}`],
    ['errorRate: { limit: 1% }, source: http', `source: ${mustBe}`],
    ['errorRate: { limit: 1% }, source: { http: {} }', 'source.http.url: is missing; add `url`'],
    [
      'errorRate: { limit: 1% }, source: { http: { url: a.b/c } }',
      'source.http.url: must be an http(s) URL without query',
    ],
    [
      'errorRate: { limit: 1% }, source: { http: { url: "https://a.b/c?d=e" } }',
      'must be an http(s) URL without query',
    ],
    ['errorRate: { limit: 1% }, source: { http: { url: "http://:" } }', 'source.http.url: is no URL; write it like'],
    [
      'errorRate: { limit: 1% }, source: { http: { url: "https://me:word@a.b/c" } }',
      'source.http.url: holds a user or password; put the token into Key Vault and name it with `secret`',
    ],
    [
      'errorRate: { limit: 1% }, source: { http: { url: "https://a.b/c", secret: "my token" } }',
      'source.http.secret: must be the name of a Key Vault secret that begins with `kpi-`',
    ],
    [
      'errorRate: { limit: 1% }, source: { http: { url: "https://a.b/c", secret: Slipway-hook-keys } }',
      'source.http.secret: must be the name of a Key Vault secret that begins with `kpi-`',
    ],
    ['uptime: { target: 99% }, source: { probe: { path: health } }', 'source.probe.path: must begin with `/`'],
    ['uptime: { target: 99% }, source: { probe: { count: 61 } }', 'source.probe.count: must be at most 60'],
    [
      'uptime: { target: 99% }, source: { probe: { timeout: 9ms } }',
      'source.probe.timeout: is too short; the least is 10ms',
    ],
    [
      'uptime: { target: 99% }, source: { probe: { timeout: 11s } }',
      'source.probe.timeout: is too long; the most is 10s',
    ],
    [
      'uptime: { target: 99% }, source: { app-insights: { dimension: "my rev" } }',
      'source.app-insights.dimension: must be 1–100 letters, digits',
    ],
  ])('{ %s } is told what is wrong', (written, wanted) => {
    const issues = said(withKpi(written))
    expect(issues).toHaveLength(1)
    expect(issues[0]).toContain('analysis.kpis[1].')
    expect(issues[0]).toContain(wanted)
  })

  it('with a key misspelt is told about that source, not about another', () => {
    const issues = said(withKpi('errorRate: { limit: 1% }, source: { http: { uri: "https://a.b/c" } }'))
    expect(issues).toEqual([
      expect.stringMatching(/analysis\.kpis\[1\]\.source\.http\.url: is missing; add `url`$/),
      expect.stringMatching(/source\.http\.uri: `uri` is not known here\. Did you mean `url`\?$/),
    ])
  })
})
