import { expect, test } from 'vitest'
import { absorb, allowedShare, openCourse, sequenceOf, takeMinute } from '../../../lib/core/judge/absorb.ts'
import {
  ERROR_RATIOS,
  findingOf,
  type Sequence,
  SLOW_RATIOS,
  startSequence,
  type Test,
} from '../../../lib/core/judge/sequence.ts'

const COMMON = { warm: 5, horizon: 200, alpha: 0.002, alphaWarm: 0.001, phi: 1 }
/** At most 0.1 % failed requests. */
const ERRORS: Test = { ...COMMON, limit: 0.001, warmLimit: 0.02, ratios: ERROR_RATIOS }
/** At most 5 % slow requests. */
const SLOWNESS: Test = { ...COMMON, limit: 0.05, warmLimit: 0.5, ratios: SLOW_RATIOS }
const aTest = (kind: Test, changes: Partial<Test> = {}): Test => ({ ...kind, ...changes })

/** Minutes seen; what is found; evidence absolute, relative, of the warm-up and for the limit; the share allowed; φ. */
type After = readonly [number, string, number, number, number, number, number, number]

interface Stream {
  readonly what: string
  readonly test: Test
  /** Bad and all requests of the canary, then of the baseline, in minute t from 0. */
  readonly minute: (t: number) => readonly [number, number, number, number]
  readonly after: readonly After[]
}

/** The numbers were worked out in Python from the formulas of `docs/how-the-judge-works.md`, without this code. */
const STREAMS: readonly Stream[] = [
  {
    what: 'healthy',
    test: aTest(ERRORS),
    minute: (t) => [t % 7 === 0 ? 1 : 0, 300 + ((7 * t) % 31), t % 3 === 0 ? 2 : 3, 2700 + ((13 * t) % 101)],
    after: [
      [1, 'quiet none', 0.5, 1.0, 0.114587902, 1.0, 0.02, 1.0],
      [5, 'quiet none', 0.5, 1.0, 0.000220580458, 1.0, 0.02, 1.0],
      [6, 'quiet none', 0.5, 0.633185471, 0.000220580458, 1.23399078, 0.001, 1.0],
      [30, 'quiet none', 0.5, 0.445490338, 0.000220580458, 1.40370388, 0.001, 1.0],
      [66, 'quiet none', 0.25009484, 0.349207614, 0.000220580458, 8.99841326, 0.001, 1.0],
      [130, 'quiet none', 0.125031338, 0.184334951, 0.000220580458, 311.552475, 0.001, 1.0],
      [250, 'quiet none', 0.00217840492, 0.00372001235, 0.000220580458, 338840.708, 0.001, 1.0],
    ],
  },
  {
    what: 'over the limit a little',
    test: aTest(ERRORS),
    minute: (t) => [t % 2 === 0 ? 1 : 0, 200, 2, 1800],
    after: [
      [7, 'quiet none', 0.5, 0.729718542, 0.00133493205, 0.383947605, 0.001, 1.0],
      [60, 'suspect absolute', 84.3138479, 2.25673108, 0.00133493205, 0.0013189392, 0.001, 1.0],
      [90, 'fail absolute', 6230.04827, 11.0689111, 0.00133493205, 7.87785878e-5, 0.001, 1.0],
      [125, 'fail absolute', 1458724.79, 101.848223, 0.00133493205, 2.54820656e-6, 0.001, 1.0],
      [200, 'fail absolute', 61816159000.0, 6672.70372, 0.00133493205, 2.56750454e-9, 0.001, 1.0],
    ],
  },
  {
    what: 'over the limit by far',
    test: aTest(ERRORS, { warm: 0 }),
    minute: () => [6, 300, 2, 2700],
    after: [
      [1, 'suspect absolute', 50.2146638, 146.321763, 1.0, 0.0419944, 0.001, 1.0],
      [2, 'fail absolute', 18758.1396, 54228.3618, 1.0, 0.00740498017, 0.001, 1.0],
      [3, 'fail absolute', 7293170.97, 20968586.6, 1.0, 0.00140716424, 0.001, 1.0],
      [6, 'fail absolute', 445337332000000.0, 1291880190000000.0, 1.0, 9.88387819e-6, 0.001, 1.0],
    ],
  },
  {
    what: 'one bad minute',
    test: aTest(ERRORS, { warm: 0 }),
    minute: (t) => [t === 3 ? 40 : 0, 300, 2, 2700],
    after: [
      [3, 'quiet none', 0.5, 0.57534859, 1.0, 1.89917901, 0.001, 1.0],
      [4, 'quiet none', 14.9351813, 33.9311737, 1.0, 2.68866246e-6, 0.001, 1.0],
      [6, 'quiet none', 9.35838188, 20.9247373, 1.0, 3.12419056e-6, 0.001, 1.0],
    ],
  },
  {
    what: 'two bad minutes within three hours',
    test: aTest(ERRORS, { warm: 0, horizon: 400 }),
    minute: (t) => [t === 0 || t === 179 ? 20 : 0, 20, 0, 180],
    after: [
      [179, 'quiet none', 11.2537036, 202.214397, 1.0, 0.00154679927, 0.001, 1.0],
      [180, 'fail absolute', 4474.66088, 81468.1648, 1.0, 4.90163785e-6, 0.001, 1.0],
      [181, 'suspect relative', 4474.66088, 81468.1648, 1.0, 4.92622899e-6, 0.001, 1.0],
    ],
  },
  {
    what: 'two bad minutes a little further apart',
    test: aTest(ERRORS, { warm: 0, horizon: 400 }),
    minute: (t) => [t === 0 || t === 180 ? 20 : 0, 20, 0, 180],
    after: [
      [180, 'quiet none', 5.09825121, 202.214397, 1.0, 0.00155456515, 0.001, 1.0],
      [181, 'suspect relative', 993.744172, 81468.6691, 1.0, 4.92622899e-6, 0.001, 1.0],
    ],
  },
  {
    what: 'worse than the stable revision, within the limit',
    test: aTest(SLOWNESS),
    minute: (t) => [4 + (t % 3), 300, 5, 2700],
    after: [
      [6, 'quiet none', 0.5, 57.4104159, 9.10170051e-47, 12.58597, 0.05, 1.0],
      [20, 'suspect relative', 0.5, 2.8125006e26, 9.10170051e-47, 3.56161868e28, 0.05, 1.0],
      [60, 'suspect relative', 0.5, 1e30, 9.10170051e-47, 1e30, 0.05, 1.0],
    ],
  },
  {
    what: 'worse than the stable revision, and over the limit',
    test: aTest(SLOWNESS, { warm: 0 }),
    minute: (t) => [21 + (t % 3), 300, 50, 2700],
    after: [
      [5, 'fail joint', 56.7338602, 1795549570000.0, 1.0, 3.79839003e-7, 0.05, 1.0],
      [12, 'fail absolute', 2628324.78, 1e30, 1.0, 1.80351126e-15, 0.05, 1.0],
      [25, 'fail absolute', 528176022000000.0, 1e30, 1.0, 1.48393312e-30, 0.05, 1.0],
      [40, 'fail absolute', 3.43561951e24, 1e30, 1.0, 4.12358931e-48, 0.05, 1.0],
    ],
  },
  {
    what: 'a cold start that is too bad',
    test: aTest(ERRORS),
    minute: () => [30, 100, 2, 900],
    after: [
      [1, 'quiet none', 0.5, 1.0, 272.414436, 1.0, 0.02, 1.0],
      [2, 'fail warm-up', 0.5, 1.0, 109867.123, 1.0, 0.02, 1.0],
      [4, 'fail warm-up', 0.5, 1.0, 17881391600.0, 1.0, 0.02, 1.0],
    ],
  },
  {
    what: 'a cold start that is slow, and well',
    test: aTest(SLOWNESS),
    minute: (t) => [t < 5 ? 45 : 2, 100, 9, 900],
    after: [
      [1, 'quiet none', 0.5, 1.0, 0.100014483, 1.0, 0.5, 1.0],
      [5, 'quiet none', 0.5, 1.0, 4.023168e-7, 1.0, 0.5, 1.0],
      [6, 'quiet none', 0.5, 0.826857664, 4.023168e-7, 1.78457247, 0.05, 1.0],
      [8, 'quiet none', 0.5, 0.854580573, 4.023168e-7, 12.58597, 0.05, 1.0],
    ],
  },
  {
    what: 'a fault that both share for minutes',
    test: aTest(ERRORS),
    minute: (t) => (t >= 20 && t < 26 ? [8, 300, 70, 2700] : [0, 300, 2, 2700]),
    after: [
      [20, 'quiet none', 0.5, 0.47748767, 0.000297102335, 37.9237269, 0.001, 1.0],
      [22, 'quiet none', 0.5, 0.459228303, 0.000297102335, 0.00719174494, 0.0324074074, 1.0],
      [26, 'quiet none', 0.5, 0.448544543, 0.000297102335, 9.6242611e-7, 0.0324074074, 1.0],
      [60, 'quiet none', 0.5, 0.364681194, 0.000297102335, 1.23534507e-5, 0.001, 1.0],
    ],
  },
  {
    what: 'a fault that both share for hours, at low traffic',
    test: aTest(ERRORS, { horizon: 900 }),
    minute: (t) => [t % 10 === 0 ? 1 : 0, 20, t % 4 === 0 ? 1 : 0, 60],
    after: [
      [240, 'fail absolute', 1840521.73, 0.388009359, 0.142147453, 0.000862595635, 0.001, 1.0],
      [300, 'fail absolute', 1460399.41, 0.351297771, 0.142147453, 0.000206926143, 0.00520833333, 1.0],
      [420, 'suspect absolute', 52.6267856, 0.281476362, 0.142147453, 1.19134308e-5, 0.00520833333, 1.0],
      [480, 'quiet none', 10.2071485, 0.247386624, 0.142147453, 2.85860849e-6, 0.00520833333, 1.0],
      [760, 'quiet none', 0.191355316, 0.0901701491, 0.142147453, 3.65908131e-9, 0.00520833333, 1.0],
    ],
  },
  {
    what: 'a baseline in bursts',
    test: aTest(ERRORS),
    minute: (t) => [t % 4 === 0 ? 2 : 0, 300, t % 12 === 0 ? 24 : 0, 2700],
    after: [
      [60, 'quiet none', 0.5, 17.5971995, 0.000606736211, 0.00697488631, 0.001, 1.0],
      [61, 'quiet none', 0.5, 4.51018336, 0.000606736211, 0.00668914524, 0.0111111111, 12.0],
      [121, 'quiet none', 0.282959294, 4.85523294, 0.000606736211, 0.00473632762, 0.0111111111, 12.0],
      [130, 'quiet none', 0.160367039, 5.63695783, 0.000606736211, 0.00455179946, 0.001, 12.0],
    ],
  },
  {
    what: 'traffic on one arm only',
    test: aTest(ERRORS, { warm: 0 }),
    minute: (t) => (t % 2 === 0 ? [1, 300, 0, 0] : [0, 0, 2, 2700]),
    after: [
      [10, 'quiet none', 0.972975696, 1.0, 1.0, 0.0828046498, 0.001, 1.0],
      [61, 'fail absolute', 120988.022, 1.0, 1.0, 0.000272392247, 0.001, 1.0],
    ],
  },
  {
    what: 'a history that was bursty',
    test: aTest(ERRORS, { warm: 0, phi: 3 }),
    minute: () => [3, 300, 2, 2700],
    after: [
      [1, 'quiet none', 0.683627523, 1.50618306, 1.0, 0.334561794, 0.001, 3.0],
      [12, 'fail absolute', 659352.378, 46109.5083, 1.0, 0.00861682873, 0.001, 3.0],
    ],
  },
]

const nine = (value: number) => Number(value.toPrecision(9))

function told(plan: Test, sequence: Sequence): After {
  const { kind, because, absolute, relative, warm, support } = findingOf(plan, sequence)
  const { minutes, allowed, phi } = sequence
  const figures = [absolute, relative, warm, support, allowed, phi] as const
  return [
    minutes,
    `${kind} ${because}`,
    ...(figures.map(nine) as unknown as readonly [number, number, number, number, number, number]),
  ]
}

test.each(STREAMS)('the evidence of $what is as the formulas say', ({ test: plan, minute, after }) => {
  const wanted = new Map(after.map((row) => [row[0], row]))
  let sequence = startSequence(plan)
  for (let t = 0; t < (after.at(-1)?.[0] ?? 0); t += 1) {
    const [bad, total, baselineBad, baselineTotal] = minute(t)
    sequence = absorb(plan, sequence, { bad, total, baselineBad, baselineTotal })
    const row = wanted.get(t + 1)
    if (row !== undefined) expect(told(plan, sequence)).toEqual(row)
  }
})

test.each(STREAMS)(
  'a whole course of $what comes to the same as its minutes one by one, bit for bit',
  ({ test: plan, minute }) => {
    const minutes = Array.from({ length: 500 }, (_, t) => {
      const [bad, total, baselineBad, baselineTotal] = minute(t)
      return { bad, total, baselineBad, baselineTotal }
    })
    let sequence = startSequence(plan)
    for (const [t, one] of minutes.entries()) {
      // Begun anywhere, and what it began from stays as it was.
      if (t % 123 === 0) {
        const before = structuredClone(sequence)
        const course = openCourse(plan, sequence)
        for (const later of minutes.slice(t, t + 150)) takeMinute(course, later)
        expect(sequence).toEqual(before)
        const singly = minutes.slice(t, t + 150).reduce((so, later) => absorb(plan, so, later), sequence)
        expect(JSON.stringify(sequenceOf(course))).toBe(JSON.stringify(singly))
      }
      sequence = absorb(plan, sequence, one)
    }
    expect(sequence.minutes).toBe(500)
  },
)

test.each([
  [0, 0, false],
  [0, 2000, false],
  [1, 2000, false],
  [2, 2000, false],
  [3, 2000, true],
  [1, 999, true],
  [1, 1000, false],
])('of %i bad of %i a minute is bad only where that is over what is allowed', (bad, total, isBad) => {
  const plan = { ...ERRORS, warm: 0 }
  const after = absorb(plan, startSequence(plan), { bad, total, baselineBad: 0, baselineTotal: 0 })
  expect(after.badMinutes).toEqual(isBad ? [0] : [])
})

test('before its first minute a sequence has seen nothing, and the limit is what is allowed', () => {
  expect(startSequence(aTest(ERRORS, { phi: 2 }))).toEqual({
    schema: 1,
    minutes: 0,
    warm: { sums: [0, 0, 0, 0], seen: 0 },
    minute: { sums: [0, 0, 0, 0, 0, 0, 0, 0], seen: 0 },
    hour: { sums: [0, 0, 0, 0, 0, 0, 0, 0], seen: 0 },
    relative: { sums: [0, 0, 0, 0, 0, 0], seen: 0 },
    support: { sums: [0, 0, 0, 0, 0], seen: 0 },
    allowed: 0.001,
    open: { bad: 0, total: 0, allowed: 0, minutes: 0 },
    baseline: [],
    background: { hours: [], open: [0, 0] },
    sustained: 0.001,
    badMinutes: [],
    live: { bad: 0, total: 0, pairs: 0, sum: 0, top: [], last: null },
    phi: 2,
  })
})

test('what a sequence keeps does not grow: thirty minutes of the baseline, two bad minutes, an open hour', () => {
  let sequence = startSequence(ERRORS)
  for (let t = 0; t < 127; t += 1)
    sequence = absorb(ERRORS, sequence, {
      bad: t % 9 === 0 ? 30 : 0,
      total: 300,
      baselineBad: t % 2,
      baselineTotal: 2700 + t,
    })
  expect(sequence.baseline).toHaveLength(30)
  expect([sequence.baseline[0], sequence.baseline[29]]).toEqual([
    [1, 2797],
    [0, 2826],
  ])
  expect(sequence.badMinutes).toEqual([126, 117])
  // The warm-up's five minutes are in no hour: 120 is the second minute of its third.
  expect(sequence.open).toEqual({ bad: 30, total: 600, allowed: expect.closeTo(0.6, 9), minutes: 2 })
  expect(sequence.background).toEqual({
    hours: [
      [30, 60 * 2700 + 1770],
      [30, 60 * 2700 + 5370],
    ],
    open: [3, 7 * 2700 + 861],
  })
})

test.each<[string, readonly (readonly [number, number])[], number]>([
  ['no baseline', [], 0.001],
  ['one that is well', Array.from({ length: 40 }, () => [2, 2700] as const), 0.001],
  ['one that has failed for a minute', [...Array.from({ length: 29 }, () => [2, 2700] as const), [27, 2700]], 0.0125],
  ['one that failed four minutes ago', [[27, 2700], ...Array.from({ length: 4 }, () => [0, 2700] as const)], 0.001],
  [
    'one that failed a lot four minutes ago',
    [[81, 2700], ...Array.from({ length: 4 }, () => [0, 2700] as const)],
    0.0075,
  ],
  [
    'one that failed a lot half an hour ago',
    [[810, 2700], ...Array.from({ length: 29 }, () => [0, 2700] as const)],
    0.0125,
  ],
  ['one that failed a lot before that', [[810, 2700], ...Array.from({ length: 30 }, () => [0, 2700] as const)], 0.001],
])('beside %s the canary may have what the table says', (_, baseline, share) => {
  expect(allowedShare(0.001, 1, baseline)).toBeCloseTo(share, 12)
})
