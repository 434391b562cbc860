import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Kpi } from '../../../lib/core/service.ts'
import { closeAll, kpiAt, metrics, readFrom, service } from './http-service.ts'
import { errorRate, gauge, MINUTE, query, START } from './queries.ts'

afterEach(closeAll)

describe('an answer', () => {
  test.each<[string, object, readonly unknown[]]>([
    ['counts of the newest complete bucket', { bad: 1, total: 9 }, [[2, 1, 9, null]]],
    [
      'buckets, in any order',
      { buckets: [at(3, 0, 4), at(1, 2, 5)] },
      [
        [1, 2, 5, null],
        [3, 0, 4, null],
      ],
    ],
    ['buckets by epoch milliseconds', { buckets: [{ at: START, bad: 0, total: 1 }] }, [[0, 0, 1, null]]],
    [
      'buckets by another zone',
      { buckets: [{ at: '2026-01-01T01:02:00+01:00', bad: 0, total: 1 }] },
      [[2, 0, 1, null]],
    ],
    ['buckets that were not asked for', { buckets: [at(-1, 0, 4), at(5, 0, 4), at(4, 1, 4)] }, [[4, 1, 4, null]]],
    ['no buckets', { buckets: [] }, []],
  ])('may be %s', async (_, said, expected) => {
    expect(await bucketsFrom(said, errorRate)).toEqual(expected)
  })

  test.each<[string, object, readonly unknown[]]>([
    ['its value in the newest complete bucket', { value: -0.5 }, [[2, 0, 0, -0.5]]],
    ['its values', { buckets: [{ at: START, value: 7 }] }, [[0, 0, 0, 7]]],
  ])('of a gauge may be %s', async (_, said, expected) => {
    expect(await bucketsFrom(said, gauge)).toEqual(expected)
  })

  test('in the short form says of one bucket only, and says so', async () => {
    expect(await readFrom({ readings: [{ id: 'a', bad: 0, total: 4 }] })).toMatchObject({
      quality: 'exact',
      note: expect.stringMatching(/newest complete/),
    })
    const early = { readings: [{ id: 'a', bad: 0, total: 4 }] }
    expect(await readFrom(early, { now: () => START + 1 })).toMatchObject({ kind: 'measured', buckets: [] })
    expect(await readFrom(early, { now: () => START + 90 * MINUTE })).toMatchObject({
      buckets: [{ at: START + 4 * MINUTE }],
    })
  })

  test.each<[string, unknown, RegExp]>([
    ['no JSON', '<html>', /not JSON/],
    ['NaN, as Python writes it', '{"readings":[{"id":"a","value":NaN}]}', /not JSON \(NaN/],
    ['no object', 'null', /no list "readings"/],
    ['no list', { readings: {} }, /no list "readings"/],
    ['another version', { version: 2, readings: [] }, /version is 2/],
    ['an id that nobody asked for', { readings: [{ id: 'z', bad: 0, total: 1 }] }, /readings\[0\]\.id is "z"/],
    ['no id', { readings: [{ bad: 0, total: 1 }] }, /readings\[0\]\.id is absent/],
    ['no reading', { readings: [7] }, /readings\[0\]\.id is 7/],
    [
      'the same twice',
      { readings: [one({ bad: 0, total: 1 }), one({ bad: 1, total: 1 })] },
      /readings\[1\] is a second/,
    ],
    ['no figures', { readings: [one({})] }, /fields "" besides id: give \{id, bad, total\}/],
    ['an unknown field', { readings: [one({ bad: 0, totals: 1 })] }, /fields "bad, totals" besides id/],
    ['two forms', { readings: [one({ bad: 0, total: 1, value: 2 })] }, /fields "bad, total, value"/],
    ['a gauge for a count', { readings: [one({ value: 2 })] }, /KPI errors is counted, so give bad and total/],
    ['half a count', { readings: [one({ bad: 0.5, total: 1 })] }, /readings\[0\]\.bad is 0\.5/],
    ['a negative count', { readings: [one({ bad: -1, total: 1 })] }, /readings\[0\]\.bad is -1/],
    ['a count as text', { readings: [one({ bad: 0, total: '1' })] }, /readings\[0\]\.total is "1"/],
    ['more bad than all', { readings: [one({ bad: 2, total: 1 })] }, /readings\[0\]\.bad is 2 of a total of 1/],
    ['no list of buckets', { readings: [one({ buckets: 3 })] }, /readings\[0\]\.buckets is 3/],
    ['a bucket that is none', { readings: [one({ buckets: [null] })] }, /buckets\[0\] is null/],
    ['a bucket without a time', { readings: [one({ buckets: [{ bad: 0, total: 1 }] })] }, /buckets\[0\]\.at is absent/],
    [
      'a time without a zone',
      { readings: [one({ buckets: [{ at: '2026-01-01T00:00:00', bad: 0, total: 1 }] })] },
      /with a zone/,
    ],
    [
      'a time that is none',
      { readings: [one({ buckets: [{ at: '2026-13-01T00:00:00Z', bad: 0, total: 1 }] })] },
      /give ISO 8601/,
    ],
    [
      'a day that is none',
      { readings: [one({ buckets: [{ at: '2026-02-31T00:00:00Z', bad: 0, total: 1 }] })] },
      /02-31/,
    ],
    [
      'a leap day of another year',
      { readings: [one({ buckets: [{ at: '2026-02-29T00:00:00+01:00', bad: 0, total: 1 }] })] },
      /give ISO/,
    ],
    [
      'an hour that is none',
      { readings: [one({ buckets: [{ at: '2026-01-01T24:00:00Z', bad: 0, total: 1 }] })] },
      /give ISO/,
    ],
    [
      'a time within a bucket',
      { readings: [one({ buckets: [{ at: START + 1, bad: 0, total: 1 }] })] },
      /no bucket of 60000 ms starts/,
    ],
    [
      'a bucket twice',
      { readings: [one({ buckets: [at(1, 0, 1), at(1, 0, 2)] })] },
      /buckets\[1\]\.at is a second bucket/,
    ],
    [
      'a bucket with odd fields',
      { readings: [one({ buckets: [{ at: START, total: 1 }] })] },
      /buckets\[0\] has the fields "total"/,
    ],
    ['no reason', { readings: [one({ missing: ' ' })] }, /readings\[0\]\.missing is " "/],
  ])('with %s is malformed, and the field is named', async (_, answer, why) => {
    const reading = await readFrom(answer)
    expect(reading).toMatchObject({ kind: 'missing', silence: 'malformed', why: expect.stringMatching(why) })
  })

  test('that says why it has no figures is partial, and so is one that leaves a query out', async () => {
    const says = await readFrom({ readings: [one({ missing: 'nightly\nload' })] })
    expect(says).toMatchObject({ silence: 'partial', why: expect.stringMatching(/says why: nightly load$/) })
    expect(await readFrom({ readings: [] })).toMatchObject({
      silence: 'partial',
      why: expect.stringMatching(/left out "a"/),
    })
  })

  test('that is wrong about one query harms no other', async () => {
    const { origin } = await service(() =>
      JSON.stringify({
        readings: [
          { id: 'a', bad: 2, total: 1 },
          { id: 'b', bad: 0, total: 1 },
        ],
      }),
    )
    const kpi = kpiAt(origin)
    const readings = await metrics(origin).read([query({ id: 'a', kpi }), query({ id: 'b', kpi })])
    expect(readings.map(({ kind }) => kind)).toEqual(['missing', 'measured'])
  })

  test('may hold readings that nobody asked for: they are left out and told', async () => {
    const readings = [{ id: 'z', bad: 5, total: 5 }, one({ bad: 1, total: 9 }), 7]
    expect(await readFrom({ readings })).toMatchObject({
      kind: 'measured',
      buckets: [{ bad: 1, total: 9 }],
      note: expect.stringMatching(/newest complete.*; left out of the answer: readings\[0\]\.id is "z", which nobody/),
    })
    const buckets = await readFrom({ readings: [one({ buckets: [] }), { id: 'z' }] })
    expect(buckets).toMatchObject({ note: 'left out of the answer: readings[1].id is "z", which nobody asked for' })
  })

  test.each<[string, (deep: string) => string, RegExp]>([
    ['a count', (deep) => `{"id":"a","bad":${deep},"total":1}`, /readings\[0\]\.bad is a list of 1: give/],
    ['a gap', (deep) => `{"id":"a","missing":${deep}}`, /readings\[0\]\.missing is a list of 1/],
    ['a time', (deep) => `{"id":"a","buckets":[{"at":${deep},"bad":0,"total":1}]}`, /buckets\[0\]\.at is a list of 1/],
    ['a bucket', (deep) => `{"id":"a","buckets":[{"at":0,"bad":{"a":${deep}},"total":1}]}`, /\.bad is an object/],
    ['an id', (deep) => `{"id":${deep},"bad":0,"total":1}`, /readings\[0\]\.id is a list of 1/],
    ['a reading', (deep) => deep, /readings\[0\]\.id is absent/],
  ])('nested a hundred thousand deep in %s is malformed, and harms no other', async (_, nested, why) => {
    const reading = nested(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
    const text = `{"readings":[${reading},{"id":"b","bad":0,"total":1}]}`
    const origin = 'https://kpi.example'
    const kpi = kpiAt(origin)
    const asked = [query({ id: 'a', kpi }), query({ id: 'b', kpi })]
    const [first, second] = await metrics(origin, { fetch: async () => new Response(text) }).read(asked)
    expect(first).toMatchObject({ silence: 'malformed', why: expect.stringMatching(why) })
    expect(second).toMatchObject({ kind: 'measured', buckets: [{ bad: 0, total: 1 }] })
  })

  test('nested deep in its version is malformed', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const reading = await readFrom(`{"version":${deep},"readings":[]}`)
    expect(reading).toMatchObject({ silence: 'malformed', why: expect.stringMatching(/version is a list of 1/) })
  })

  test('whatever it holds never throws, and never gives impossible counts', async () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.record({
        readings: fc.array(fc.record({ id: fc.constant('a'), bad: fc.jsonValue(), total: fc.jsonValue() })),
      }),
    )
    await fc.assert(
      fc.asyncProperty(odd, async (answer) => {
        const send = async () => new Response(JSON.stringify(answer))
        const [reading] = await metrics('https://kpi.example', { fetch: send }).read([
          query({ id: 'a', kpi: kpiAt('https://kpi.example') }),
        ])
        if (reading?.kind !== 'measured') return
        for (const { bad, total } of reading.buckets)
          expect([bad >= 0, total >= bad, Number.isInteger(total)]).toEqual([true, true, true])
      }),
    )
  })
})

async function bucketsFrom(said: object, kind: (over: { source: Kpi['source'] }) => Kpi) {
  const reading = await readFrom({ readings: [one(said)] }, {}, kind)
  if (reading?.kind !== 'measured') throw new Error(`not measured: ${reading?.why}`)
  return reading.buckets.map(({ at, bad, total, value }) => [(at - START) / MINUTE, bad, total, value])
}

function one(said: object): object {
  return { id: 'a', ...said }
}

function at(minute: number, bad: number, total: number): object {
  return { at: new Date(START + minute * MINUTE).toISOString(), bad, total }
}
