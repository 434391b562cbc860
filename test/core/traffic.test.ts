import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TrafficEntry } from '../../lib/core/app.ts'
import type { Phase } from '../../lib/core/rollout.ts'
import {
  followsLatest,
  footprintOf,
  labelsSeen,
  sameWeights,
  split,
  stageWeight,
  trafficList,
  wantedWeight,
  weightsSeen,
  withoutCanary,
} from '../../lib/core/traffic.ts'
import {
  anApp,
  appAt,
  aRevision,
  aRollout,
  CANARY,
  entries,
  finished,
  labelled,
  PREPARING,
  PROVISIONING,
  paused,
  progressing,
  rollingBack,
  STABLE,
} from '../support/builders.ts'

const total = (list: readonly TrafficEntry[]) => list.reduce((sum, entry) => sum + entry.weight, 0)

describe('weightsSeen', () => {
  test('an entry that follows the latest revision counts for that revision', () => {
    const app = anApp({
      latestRevision: CANARY,
      traffic: [...entries({ [STABLE]: 60 }), { revision: null, weight: 40, label: null }],
    })
    expect(weightsSeen(app)).toEqual({ [STABLE]: 60, [CANARY]: 40 })
    expect(followsLatest(app)).toBe(true)
  })
  test.each([
    ['the one that was ready, where the latest is not', { latestReady: STABLE }, 'Failed', STABLE],
    [
      'the latest, where it is seen to be ready and Azure has not said so yet',
      { latestReady: STABLE },
      'Running',
      CANARY,
    ],
    ['the latest, where Azure does not say which was ready', { latestReady: null }, 'Failed', CANARY],
    ['the latest, where it tells of no ready one', {}, 'Failed', CANARY],
    [
      'the one that was ready, where there is no latest',
      { latestReady: STABLE, latestRevision: null },
      'Running',
      STABLE,
    ],
  ] as const)('an entry that follows the latest counts for %s', (_, told, running, serves) => {
    const revisions = [aRevision(STABLE), aRevision(CANARY, { running })]
    const traffic = [{ revision: null, weight: 100, label: 'prod' }]
    const app = anApp({ latestRevision: CANARY, ...told, revisions, traffic })
    expect(weightsSeen(app)).toEqual({ [serves]: 100 })
    expect(labelsSeen(app)).toEqual({ prod: serves })
    expect(trafficList(app, { [serves]: 100 })).toEqual([{ revision: serves, weight: 100, label: 'prod' }])
  })
  test('two entries of one revision are added up', () => {
    const app = anApp({ traffic: [...entries({ [STABLE]: 60 }), labelled(STABLE, 40, 'blue')] })
    expect(weightsSeen(app)).toEqual({ [STABLE]: 100 })
    expect(followsLatest(app)).toBe(false)
  })
  test('entries without weight are left out', () => {
    expect(weightsSeen(anApp({ traffic: entries({ [STABLE]: 100, [CANARY]: 0 }) }))).toEqual({ [STABLE]: 100 })
  })
  test('an entry that follows a latest revision that is not known counts for nobody', () => {
    expect(
      weightsSeen(anApp({ latestRevision: null, traffic: [{ revision: null, weight: 100, label: null }] })),
    ).toEqual({})
  })
})

describe('split', () => {
  test('between 0 and 100 both take their share', () => expect(split('s', 'c', 10)).toEqual({ s: 90, c: 10 }))
  test('at 0 the canary is not in it', () => expect(split('s', 'c', 0)).toEqual({ s: 100 }))
  test('at 100 stable is not in it', () => expect(split('s', 'c', 100)).toEqual({ c: 100 }))
})

describe('sameWeights', () => {
  test('the order does not matter', () => expect(sameWeights({ a: 1, b: 99 }, { b: 99, a: 1 })).toBe(true))
  test('another figure matters', () => expect(sameWeights({ a: 1, b: 99 }, { a: 2, b: 98 })).toBe(false))
  test('another revision matters', () => expect(sameWeights({ a: 100 }, { b: 100 })).toBe(false))
  test('one revision more matters', () => expect(sameWeights({ a: 100 }, { a: 100, b: 1 })).toBe(false))
})

describe('wantedWeight', () => {
  const table: readonly [string, Phase, number | null][] = [
    ['preparing', PREPARING, 0],
    ['provisioning', PROVISIONING, 0],
    ['progressing in step 2', progressing(1), 50],
    ['held at a gate in step 1', paused('gate'), 10],
    ['paused by an operator in step 2', paused('operator', { stage: 1 }), 50],
    ['paused before the first step', paused('operator', { from: 'provisioning', stage: -1 }), 0],
    ['paused by a foreign edit', paused('foreign-edit'), null],
    ['parked by a fault', paused('fault'), null],
    ['rolling back', rollingBack(), 0],
    ['promoted', finished('promoted'), 100],
    ['rolled back', finished('rolled-back'), 0],
    ['superseded', finished('superseded'), 0],
  ]
  for (const [name, phase, weight] of table) {
    test(`${name} wants ${weight === null ? 'hands off' : `${weight} %`}`, () => {
      expect(wantedWeight(aRollout(phase))).toBe(weight)
    })
  }
  test('beyond the plan the weight is 100', () => expect(stageWeight(aRollout(), 9)).toBe(100))
})

describe('trafficList', () => {
  test('without labels it names the revisions and nothing else', () => {
    expect(trafficList(anApp(), { [STABLE]: 90, [CANARY]: 10 })).toEqual(entries({ [STABLE]: 90, [CANARY]: 10 }))
  })
  test('a label stays on its revision and its entry takes the weight', () => {
    const app = anApp({ traffic: [labelled(STABLE, 100, 'blue')] })
    expect(trafficList(app, { [STABLE]: 90, [CANARY]: 10 })).toEqual([
      { revision: CANARY, weight: 10, label: null },
      { revision: STABLE, weight: 90, label: 'blue' },
    ])
  })
  test('a label on a revision without weight is kept with weight 0', () => {
    const app = anApp({ traffic: [...entries({ [STABLE]: 100 }), labelled('pricing--old', 0, 'green')] })
    expect(trafficList(app, { [STABLE]: 100 })).toContainEqual({ revision: 'pricing--old', weight: 0, label: 'green' })
  })
  test('two labels on one revision are both kept and its weight is given once', () => {
    const app = anApp({ traffic: [labelled(STABLE, 60, 'blue'), labelled(STABLE, 40, 'green')] })
    expect(trafficList(app, { [STABLE]: 100 })).toEqual([labelled(STABLE, 100, 'blue'), labelled(STABLE, 0, 'green')])
  })
  test('a label that follows the latest revision is pinned to that revision', () => {
    const app = anApp({ latestRevision: STABLE, traffic: [labelled(null, 100, 'prod')] })
    expect(trafficList(app, { [STABLE]: 100 })).toEqual([labelled(STABLE, 100, 'prod')])
  })
  test('a label that follows a latest revision that is not known cannot be kept', () => {
    const app = anApp({ latestRevision: null, traffic: [labelled(null, 100, 'prod')] })
    expect(trafficList(app, { [STABLE]: 100 })).toEqual(entries({ [STABLE]: 100 }))
  })

  test('always totals 100, never follows the latest revision, and keeps every label', () => {
    const revision = fc.constantFrom(STABLE, CANARY, 'pricing--old', null)
    const label = fc.option(fc.constantFrom('a', 'b', 'c'))
    const entry = fc.record({ revision, weight: fc.nat(100), label })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), fc.nat(100), (traffic, weight) => {
        const list = trafficList(anApp({ traffic }), split(STABLE, CANARY, weight))
        expect(total(list)).toBe(100)
        expect(list.every((item) => item.revision !== null)).toBe(true)
        expect(list.filter((item) => item.label !== null).map((item) => item.label)).toEqual(
          traffic.filter((item) => item.label !== null).map((item) => item.label),
        )
      }),
    )
  })
})

describe('withoutCanary', () => {
  test('the share of the canary goes to stable and others keep theirs', () => {
    expect(withoutCanary({ s: 50, c: 20, x: 30 }, 's', 'c')).toEqual({ s: 70, x: 30 })
  })
  test('stable gets the share although it had none', () => {
    expect(withoutCanary({ c: 20, x: 80 }, 's', 'c')).toEqual({ s: 20, x: 80 })
  })
  test('what was seen in part only is filled up to 100', () => {
    expect(withoutCanary({ c: 20, x: 30 }, 's', 'c')).toEqual({ s: 70, x: 30 })
  })
  test('what cannot be is not written back: stable takes all', () => {
    expect(withoutCanary({ c: 20, x: 130 }, 's', 'c')).toEqual({ s: 100 })
  })
})

describe('footprintOf', () => {
  test('it keeps what foreign hands could change, and only our revisions among the active', () => {
    const app = appAt(10, {
      traffic: [labelled(STABLE, 90, 'blue'), ...entries({ [CANARY]: 10 }), labelled(null, 0, 'next')],
      revisions: [aRevision(STABLE), aRevision(CANARY, { active: false }), aRevision('pricing--x')],
    })
    expect(footprintOf(app, { stable: STABLE, canary: CANARY, leftovers: [] })).toEqual({
      mode: 'Multiple',
      sticky: false,
      followsLatest: true,
      weights: { [STABLE]: 90, [CANARY]: 10 },
      labels: { blue: STABLE, next: CANARY },
      revisions: [STABLE, CANARY, 'pricing--x'],
      active: [STABLE],
    })
  })
})
