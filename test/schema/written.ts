import fc from 'fast-check'

/** A duration from `least` to `most` milliseconds, in one unit or several. */
function duration(least: number, most: number): fc.Arbitrary<string> {
  const units = [
    ['ms', 1],
    ['s', 1000],
    ['m', 60_000],
    ['h', 3_600_000],
    ['d', 86_400_000],
  ] as const
  const single = units
    .filter(([, length]) => Math.ceil(least / length) <= Math.floor(most / length))
    .map(([unit, length]) =>
      fc.integer({ min: Math.ceil(least / length), max: Math.floor(most / length) }).map((count) => `${count}${unit}`),
    )
  const several = fc
    .integer({ min: least, max: most })
    .map((ms) => `${Math.floor(ms / 3_600_000)}h${Math.floor((ms % 3_600_000) / 1000)}s${ms % 1000}ms`)
  return fc.oneof(...single, several)
}

/** A share above 0, as a percentage or as a ratio. */
function share(least: number, most: number): fc.Arbitrary<string | number> {
  const percent = fc
    .tuple(fc.integer({ min: Math.ceil(least * 100), max: Math.floor(most * 100) - 1 }), fc.nat({ max: 999_999_999 }))
    .chain(([whole, part]) =>
      fc.integer({ min: 1, max: 9 }).map((digits) => `${whole}.${String(part).padStart(9, '0').slice(0, digits)}%`),
    )
    .filter((text) => Number.parseFloat(text) > 0)
  return fc.oneof(
    percent,
    fc.constantFrom('0.1%', '0.01%', '1%', '10%', '33.3%').filter((text) => Number.parseFloat(text) >= least * 100),
    fc.double({ min: Math.max(least, 1e-12), max: most, noNaN: true }),
  )
}

/** A target that leaves next to nothing: where a double holds few digits of what it leaves. */
const nearlyAll = fc.double({ min: 1 - 1e-7, max: 1 - 2 ** -53, noNaN: true })

const LONGEST = 365 * 86_400_000
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/)
const metric = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,30}$/).filter((text) => !text.endsWith('_bucket'))
const label = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,20}$/).filter((text) => text !== 'le')
const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined })
const part = (model: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Record<string, unknown>>

/** Weights that rise, each with bakes and gates in any order that the desk takes, in one item or an item each. */
const steps = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 }),
    fc.array(fc.array(fc.tuple(maybe(duration(0, LONGEST / 8)), fc.boolean()), { maxLength: 4 }), {
      minLength: 5,
      maxLength: 5,
    }),
    fc.boolean(),
  )
  .map(([weights, tails, isJoined]) =>
    weights
      .sort((a, b) => a - b)
      .flatMap((setWeight, index) => {
        let gated = false
        const items = (tails[index] ?? []).flatMap(([bake, wantsGate]) => {
          const gate = wantsGate && (bake !== undefined || !gated)
          gated = bake === undefined ? gated || gate : gate
          return [
            ...(bake === undefined ? [] : [{ bake } as Record<string, unknown>]),
            ...(gate ? [{ pause: {} } as Record<string, unknown>] : []),
          ]
        })
        const [first] = items
        return isJoined && first !== undefined
          ? [{ setWeight, ...first }, ...items.slice(1)]
          : [{ setWeight }, ...items]
      }),
  )

const names = { requests: metric, duration: metric, revisionLabel: label, statusLabel: label }

const labels = fc.dictionary(
  label.map((text) => `x_${text}`),
  fc.oneof(
    fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }),
    fc.constantFrom('1', 'on', '~', 'a\n b \n', '# x'),
  ),
  { minKeys: 1, maxKeys: 5 },
)

const prometheus = (more: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .tuple(part({ ...names, labels }), fc.record(more))
    .map(([some, all]) => ({ prometheus: { ...some, ...all } as Record<string, unknown> }))
    .filter(({ prometheus: { revisionLabel = 'revision', statusLabel = 'status' } }) => revisionLabel !== statusLabel)

const http = fc
  .tuple(
    fc.webUrl({ withQueryParameters: false, withFragments: false }),
    maybe(fc.stringMatching(/^kpi-[0-9a-zA-Z-]{1,40}$/)),
  )
  .map(([url, secret]) => ({ http: secret === undefined ? { url } : { url, secret } }))

const probe = part({
  path: fc.stringMatching(/^\/[^\s#]{0,40}$/),
  count: fc.integer({ min: 1, max: 60 }),
  timeout: duration(10, 10_000),
}).map((it) => ({ probe: it }))

const insights = part({ dimension: fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/) }).map((it) => ({ 'app-insights': it }))

const any = fc.oneof(fc.constantFrom('azure-logs', 'app-insights', 'prometheus'), insights, prometheus({}), http)

const latency = fc.record({
  percentile: fc.oneof(fc.integer({ min: 10, max: 99 }), fc.double({ min: 10, max: 99.99, noNaN: true })),
  limit: duration(1, 3_600_000),
})

const errorRate = fc.record(
  { limit: share(0, 0.9), alsoBad: fc.array(fc.integer({ min: 100, max: 599 }), { maxLength: 20 }) },
  { requiredKeys: ['limit'] },
)

const gauge = fc.record(
  { limit: fc.double({ noNaN: true, noDefaultInfinity: true }), wanted: fc.constantFrom('below', 'above') },
  { requiredKeys: ['limit'] },
)

const measured = fc.oneof(
  fc.record({ latency, source: fc.oneof(any, fc.constant('probe'), probe) }),
  fc.record({ errorRate, source: fc.oneof(any, fc.constant('azure-metrics')) }),
  fc.record({
    uptime: fc.record({ target: fc.oneof(share(0.1, 1 - 2 ** -53), nearlyAll) }),
    source: fc.oneof(any, fc.constant('azure-metrics'), fc.constant('probe'), probe),
  }),
  fc.record({
    ratio: fc.record({ limit: share(0, 0.9) }),
    source: fc.oneof(http, prometheus({ bad: metric, total: metric })),
  }),
  fc.record({ gauge, source: fc.oneof(http, prometheus({ gauge: metric })) }),
)

const requests = fc.integer({ min: 1, max: 1_000_000_000 })

const kpis = fc
  .uniqueArray(
    fc
      .tuple(
        name,
        measured,
        part({
          role: fc.constantFrom('required', 'guard', 'advisory'),
          lag: duration(0, 600_000),
          minRequests: requests,
        }),
      )
      .map(([called, kpi, more]) => ({ name: called, ...kpi, ...more })),
    { minLength: 1, maxLength: 12, selector: (kpi) => kpi.name },
  )
  .map(([first, ...more]) => [{ ...first, role: 'required' }, ...more])

const analysis = part({
  interval: duration(1000, 60_000),
  bucket: fc.integer({ min: 1, max: 60 }).map((minutes) => `${minutes}m`),
  warmUp: duration(0, LONGEST),
  minRequests: requests,
  onInconclusive: part({ after: duration(0, LONGEST), then: fc.constantFrom('wait', 'abort', 'promote-never') }),
  onRelative: fc.constantFrom('hold', 'abort', 'ignore'),
  onBlind: part({ after: duration(0, LONGEST), then: fc.constantFrom('wait', 'abort') }),
  requireEvidence: fc.boolean(),
  kpis,
})

const people = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}@[a-z]{1,8}$/), { minLength: 11, maxLength: 20 })
const approvals = part({
  required: fc.integer({ min: 1, max: 10 }),
  from: people,
  notAuthor: fc.boolean(),
  validFor: duration(60_000, LONGEST),
})

const glob = fc.stringMatching(/^[A-Za-z0-9._*?-]{1,40}$/)
const glaring = fc.constantFrom('1.0', '1e3', 'null', 'true', '*', '-', '---', '0x1F', '.5', 'on', '1_0', '?')
const range = fc.constantFrom('>=1.0.0 <3', '~1.4', ' >=1  <2 ', '1.x || 2.x', '*', '1', '^1\n')
const tags = fc.oneof(
  glob,
  glaring,
  glob.map((it) => ({ glob: it })),
  range.map((semver) => ({ semver })),
)

/** What a team may write: the content of a manifest with few or many of its keys. */
export const written: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.record({
      name,
      environment: fc.oneof(name, fc.constantFrom('on', 'no', 'null', 'true')),
      target: fc.record(
        {
          subscription: fc.uuid(),
          resourceGroup: fc.oneof(
            fc.stringMatching(/^[\p{L}\p{N}_()-]{1,40}$/u),
            fc.constantFrom('1', '-', '1e5', '(x)'),
          ),
          containerApp: fc.stringMatching(/^[a-z][a-z0-9]{0,20}[a-z0-9]$/),
          container: fc.oneof(fc.stringMatching(/^[a-z0-9]{1,30}$/), fc.constantFrom('1', '0', 'y')),
        },
        { requiredKeys: ['subscription', 'resourceGroup', 'containerApp'] },
      ),
      image: fc.record({
        registry: fc.constantFrom('registry.example.com:5000', 'localhost:5000', '10:20', '1', 'a.b'),
        repository: fc.stringMatching(/^[a-z][a-z0-9]{0,20}(\/[a-z0-9]{1,20})?$/),
        tags,
      }),
    }),
    part({
      strategy: fc.record({ canary: fc.record({ steps }) }),
      analysis,
      onNewRevision: fc.constantFrom('supersede', 'queue', 'reject'),
      approvals,
      deadlines: part({
        ready: duration(1000, LONGEST),
        traffic: duration(1000, LONGEST),
        gate: duration(1000, LONGEST),
      }),
      drain: duration(0, LONGEST),
      scaleDownDelay: duration(0, LONGEST),
      watch: duration(1000, LONGEST),
    }),
  )
  .map(([must, may]) => ({ ...must, ...may }))
