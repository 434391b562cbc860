import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Arm, Bucket, Query, Reading, Silence } from '../../lib/core/judge/reading.ts'
import type { Kpi } from '../../lib/core/service.ts'
import type { Metrics } from '../../lib/ports.ts'
import { query } from '../adapters/metrics/queries.ts'

/**
 * What happened to a revision within one bucket: so many requests were answered well and quickly (200, in a tenth of the
 * limit), failed (503, as quick), or were answered well and slowly (200, in twice the limit). `gauge` is what a gauge stood at.
 */
export interface Happened {
  readonly revision: string
  /** Start of the bucket. */
  readonly at: number
  readonly good: number
  readonly failed: number
  readonly slow: number
  readonly gauge: number
}

/** How a source answers where nothing happened. `any`: the suite does not look. */
export type Nothing = 'zero' | 'absent' | 'missing' | 'any'

/** A source of metrics as it is put to the suite, with what it can do. */
export interface MetricsSubject {
  /** KPIs that it measures, one of each kind that it knows; they name this source. Limits of latency are 200 ms. */
  readonly kpis: readonly Kpi[]
  /** KPIs that name this source although it cannot measure them. */
  readonly refuses: readonly Kpi[]
  readonly bucketMs: number
  /** Start of the first of the SPAN buckets in which things happen: a multiple of `bucketMs`. */
  readonly from: number
  /** `exact`: it counts what happened. `shape`: what it counts is its own (a probe), so only the form is looked at. */
  readonly counts: 'exact' | 'shape'
  /** Its answer for a bucket in which a known revision had no requests. */
  readonly idle: Nothing
  /** Its answer for a revision that nobody knows. */
  readonly stranger: Nothing
  /** Requests to the service for one read of every KPI of two rollouts, both arms: the promise of bulk. */
  readonly callsPerRead: number
  /** Every silence that it can meet (not `refused`), and what its `why` must then tell the reader to do. */
  readonly troubles: Readonly<Partial<Record<Exclude<Silence, 'refused'>, RegExp>>>
  /** What a query about this revision needs beyond the usual, e.g. its host. */
  readonly also?: (revision: string) => Partial<Query>
  /** Makes all this have happened, and opens the source on it. */
  readonly open: (happened: readonly Happened[]) => Promise<OpenMetrics>
}

/** A source in a world where things happened. */
export interface OpenMetrics {
  readonly metrics: Metrics
  /** Requests that reached the service so far. */
  readonly calls: () => number
  /** From now on the source meets this trouble; gives back the source to ask (the same one, or one with less patience). */
  readonly meet: (silence: Exclude<Silence, 'refused'>) => Metrics | Promise<Metrics>
  /** Ends every trouble. */
  readonly heal: () => void | Promise<void>
  readonly close: () => void | Promise<void>
}

/** How many buckets things happen in. In the fourth (counted from 0: 3) nobody asks anything. */
export const SPAN = 6
const IDLE = 3

const ROLLOUTS = [
  { canary: 'shop--a', baseline: 'shop--b' },
  { canary: 'cart--x', baseline: 'cart--y' },
] as const
const REVISIONS = ROLLOUTS.flatMap(({ canary, baseline }) => [canary, baseline])
/** Begins as another's name does, and is known to nobody. */
const STRANGERS = ['nobody--a', 'shop--', 'shop--a-b', 'hop--a']
const HOSTILE = [
  '"); union * | take 1 //',
  "x' or revisionName eq 'shop--a",
  '"} or vector(1) #',
  '.*',
  '*',
  'shop--a|shop--b',
  '../../shop--a?x=1&y=%00#z',
  '\\"\n\u2028\u0000\ud800',
  '',
]

/** What every source of metrics must keep, whatever it measures with. Call it within a `describe` that has a timeout. */
export function metricsContract(subject: MetricsSubject): void {
  const { bucketMs, from, kpis } = subject
  const to = from + SPAN * bucketMs
  const happened = story(from, bucketMs)
  const first = kpis[0] as Kpi
  let open: OpenMetrics

  beforeAll(async () => {
    open = await subject.open(happened)
  }, 120_000)
  afterEach(() => open.heal())
  afterAll(() => open?.close())

  const ask = (revision: string, kpi: Kpi, over: Partial<Query> = {}): Query =>
    query({ revision, kpi, bucketMs, from, to, ...subject.also?.(revision), ...over })
  const askAll = (): readonly Query[] =>
    ROLLOUTS.flatMap((rollout) =>
      (['canary', 'baseline'] as const).flatMap((arm: Arm) => kpis.map((kpi) => ask(rollout[arm], kpi, { arm }))),
    )
  const read = (queries: readonly Query[], metrics = open.metrics) => metrics.read(queries)

  test('answers every query under its id, in the order of asking', async () => {
    const queries = askAll()
    expect((await read(queries)).map((reading) => reading.id)).toEqual(queries.map((one) => one.id))
    const turned = queries.toReversed()
    expect((await read(turned)).map((reading) => reading.id)).toEqual(turned.map((one) => one.id))
    expect(await read([])).toEqual([])
  })

  test('answers in buckets that rise, are aligned, lie within the query and hold possible figures', async () => {
    for (const [place, reading] of (await read(askAll())).entries()) {
      const { buckets, query: text } = measured(reading)
      expectInForm(buckets, askAll()[place] as Query)
      expect(text).not.toBe('')
    }
  })

  test('tells what happened, for both arms and every kind of KPI', async () => {
    const queries = askAll()
    for (const [place, reading] of (await read(queries)).entries()) {
      const { revision, kpi, arm } = queries[place] as Query
      if (subject.counts === 'shape') expect(measured(reading).buckets.length, revision).toBeGreaterThan(0)
      else expect(busy(reading), `${kpi.kind} of ${arm} ${revision}`).toEqual(truth(happened, revision, kpi))
    }
  })

  test('answers a part of the time with the same buckets as the whole', async () => {
    const window = { from: from + bucketMs, to: from + (SPAN - 1) * bucketMs }
    for (const kpi of kpis) {
      const [whole, part] = await read([ask('shop--a', kpi), ask('shop--a', kpi, window)])
      expectInForm(measured(part).buckets, ask('shop--a', kpi, window))
      if (subject.counts === 'shape') continue
      const inside = busy(whole).filter(({ at }) => at >= window.from && at < window.to)
      expect(busy(part)).toEqual(inside)
    }
  })

  test('says of a bucket without requests what it promised to say', async () => {
    const counted = kpis.filter((kpi) => kpi.kind !== 'gauge')
    for (const reading of await read(counted.map((kpi) => ask('shop--a', kpi)))) {
      if (subject.idle === 'any') continue
      const idle = measured(reading).buckets.filter(({ at }) => at === from + IDLE * bucketMs)
      expect(idle.map(({ total }) => total)).toEqual(subject.idle === 'zero' ? [0] : [])
    }
  })

  test.each(STRANGERS)('does not take another revision for %j, which nobody knows', async (revision) => {
    const readings = await read([...kpis.map((kpi) => ask(revision, kpi)), ask('shop--a', first)])
    for (const reading of readings.slice(0, -1)) expectNothing(reading, subject.stranger, from, to, bucketMs)
    expect(bucketsOf(readings.at(-1))).toEqual(bucketsOf((await read([ask('shop--a', first)]))[0]))
  })

  test.each(HOSTILE)('is not led astray by the revision name %j', async (revision) => {
    const readings = await read([...kpis.map((kpi) => ask(revision, kpi)), ask('shop--a', first)])
    for (const reading of readings.slice(0, -1)) {
      if (reading.kind === 'missing') expectAdvice(reading)
      else if (subject.stranger !== 'any') expect(eventsIn(reading.buckets)).toBe(0)
    }
    expect(readings.at(-1)?.kind).toBe('measured')
    if (subject.counts === 'exact') expect(busy(readings.at(-1))).toEqual(truth(happened, 'shop--a', first))
  })

  test('refuses what it cannot measure, says what to do, and answers the neighbours', async () => {
    const readings = await read([...subject.refuses.map((kpi) => ask('shop--a', kpi)), ask('shop--a', first)])
    for (const [place, reading] of readings.slice(0, -1).entries()) {
      expect(reading, subject.refuses[place]?.kind).toMatchObject({ kind: 'missing', silence: 'refused' })
      expectAdvice(reading)
    }
    expect(readings.at(-1)?.kind).toBe('measured')
  })

  test.each([
    ['an empty window', { to: from }],
    ['a window that is no time', { from: Number.NaN }],
    ['a window without an end', { to: Number.POSITIVE_INFINITY }],
    ['a bucket of no length', { bucketMs: 0 }],
    ['a window that cuts a bucket', { from: from + 1 }],
  ])('refuses %s, and answers the neighbour', async (_, over) => {
    const [reading, neighbour] = await read([ask('shop--a', first, over), ask('shop--b', first)])
    expect(reading).toMatchObject({ kind: 'missing', silence: 'refused' })
    expect(neighbour?.kind).toBe('measured')
  })

  test(`asks for two rollouts, both arms and every KPI in ${subject.callsPerRead} calls`, async () => {
    const before = open.calls()
    await read(askAll())
    expect(open.calls() - before).toBe(subject.callsPerRead)
    await read([])
    expect(open.calls() - before).toBe(subject.callsPerRead)
  })

  test('gives every reading a query text of its own, without the other revisions', async () => {
    const queries = askAll()
    for (const [place, reading] of (await read(queries)).entries()) {
      const others = REVISIONS.filter((revision) => revision !== queries[place]?.revision)
      for (const other of others) expect(reading.query).not.toContain(other)
    }
  })

  test.each(Object.entries(subject.troubles))('meets trouble (%s) with a reason and what to do', async (kind, says) => {
    const silence = kind as Exclude<Silence, 'refused'>
    const troubled = await open.meet(silence)
    for (const reading of await read(askAll(), troubled)) {
      expect(reading).toMatchObject({ kind: 'missing', silence, why: expect.stringMatching(says) })
      expectAdvice(reading)
    }
    await open.heal()
    for (const reading of await read(askAll())) expect(reading.kind).toBe('measured')
  })
}

/** Six buckets of four revisions, all different, with one bucket in which nobody asks anything. */
function story(from: number, bucketMs: number): readonly Happened[] {
  return REVISIONS.flatMap((revision, row) =>
    Array.from({ length: SPAN }, (_, column): Happened => {
      const at = from + column * bucketMs
      const gauge = 10 * (row + 1) + column
      if (column === IDLE) return { revision, at, good: 0, failed: 0, slow: 0, gauge }
      return { revision, at, good: 20 + row, failed: (row + column) % 3, slow: (2 * row + column) % 5, gauge }
    }),
  )
}

/** The buckets that a KPI of a revision has, as it happened; those without requests are left out, except of gauges. */
function truth(happened: readonly Happened[], revision: string, kpi: Kpi): readonly Bucket[] {
  return happened
    .filter((one) => one.revision === revision)
    .map(({ at, good, failed, slow, gauge }) => {
      if (kpi.kind === 'gauge') return { at, bad: 0, total: 0, value: gauge }
      return { at, bad: kpi.kind === 'latency' ? slow : failed, total: good + failed + slow, value: null }
    })
    .filter((bucket) => bucket.total > 0 || bucket.value !== null)
}

function busy(reading: Reading | undefined): readonly Bucket[] {
  return measured(reading).buckets.filter((bucket) => bucket.total > 0 || bucket.value !== null)
}

function bucketsOf(reading: Reading | undefined): readonly Bucket[] {
  return measured(reading).buckets
}

function measured(reading: Reading | undefined): Extract<Reading, { kind: 'measured' }> {
  if (reading?.kind !== 'measured') throw new Error(`not measured: ${JSON.stringify(reading)}`)
  return reading
}

function expectInForm(buckets: readonly Bucket[], { kpi, bucketMs, from, to }: Query): void {
  let before = Number.NEGATIVE_INFINITY
  for (const { at, bad, total, value } of buckets) {
    expect(at).toBeGreaterThan(before)
    before = at
    expect([at >= from, at < to, at % bucketMs]).toEqual([true, true, 0])
    expect([bad >= 0, total >= bad, Number.isFinite(total)]).toEqual([true, true, true])
    if (kpi.kind === 'gauge') expect([bad, total, Number.isFinite(value)]).toEqual([0, 0, true])
    else expect(value).toBeNull()
  }
}

function expectNothing(reading: Reading, nothing: Nothing, from: number, to: number, bucketMs: number): void {
  if (nothing === 'any') return
  if (nothing === 'missing') {
    expect(reading.kind).toBe('missing')
    expectAdvice(reading)
    return
  }
  const { buckets } = measured(reading)
  expect(eventsIn(buckets)).toBe(0)
  expect(buckets).toHaveLength(nothing === 'zero' ? (to - from) / bucketMs : 0)
}

function eventsIn(buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, bucket) => sum + bucket.total + bucket.bad + (bucket.value === null ? 0 : 1), 0)
}

/** A reason is for a person: a sentence, not a code; and it does not carry a token. */
function expectAdvice(reading: Reading): void {
  if (reading.kind !== 'missing') throw new Error(`measured: ${JSON.stringify(reading)}`)
  expect(reading.why.length).toBeGreaterThan(20)
  expect(reading.why).toContain(' ')
  expect(reading.why).not.toMatch(/bearer |eyJ[\w-]{10,}|undefined|\[object/i)
}
