import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bucket, type BucketPage, bucketsOf, fittingMs, gauges, rolling } from '../../dashboard/model/buckets.ts'
import { arranged, fleetQuery } from '../../dashboard/model/fleet.ts'
import {
  ago,
  amount,
  clock,
  count,
  duration,
  figure,
  percent,
  shortDigest,
  tickLabels,
} from '../../dashboard/model/format.ts'
import { calendar, ordered, requestOf } from '../../dashboard/model/freezes.ts'
import { wilson } from '../../dashboard/model/interval.ts'
import { kpiPicture } from '../../dashboard/model/pictures.ts'
import { roleAt, roleOf } from '../../dashboard/model/rights.ts'
import { lackingOf, rolesOf, sceneOf, stepsOf } from '../../dashboard/model/rollout.ts'
import { linkTo, numberOf, readRoute, safeLink } from '../../dashboard/model/route.ts'
import { weightChanges } from '../../dashboard/model/weights.ts'
import { forecast } from '../../dashboard/model/will-happen.ts'
import { markOf, needsPerson } from '../../dashboard/model/words.ts'
import { aService, busyFleet, GATE, HOUR, MINUTE, moving, NOW } from './fixture/fleet.ts'
import { aPerson, someFreezes } from './fixture/lists.ts'
import { rolloutOf, rowsOf } from './fixture/rollouts.ts'

const find = (name: string) => busyFleet().find(({ service }) => service === name) ?? aService(name)

describe('words and figures', () => {
  test('figures are short, and never say zero of what is not', () => {
    expect([percent(0), percent(0.00047), percent(0.0421), percent(1)]).toEqual(['0 %', '0.047 %', '4.2 %', '100 %'])
    expect([duration(0), duration(740_000), duration(93_784_000)]).toEqual(['0s', '12m 20s', '1d 2h'])
    expect([ago(10_000), ago(5 * MINUTE), ago(47 * HOUR), ago(72 * HOUR)]).toEqual([
      'just now',
      '5 min ago',
      '47 h ago',
      '3 days ago',
    ])
    expect([count(1234567), amount(0.314), amount(503.7), amount(3e7)]).toEqual(['1,234,567', '0.31', '504', '3e7'])
    expect([figure(null, 'ratio'), figure(12.34567, 'figure')]).toEqual(['no figure', '12.35'])
    expect(shortDigest(`sha256:${'ab'.repeat(32)}`)).toBe('abababababab')
  })

  test('ticks of an axis have seconds where they are close, the day where it changes, and never say a thing twice', () => {
    const noon = new Date(2026, 4, 1, 23, 59, 40).getTime()
    const close = tickLabels([0, 10, 20, 30].map((seconds) => noon + seconds * 1000))
    expect(close.slice(0, 2)).toEqual([expect.stringMatching(/^23.59.40$/), expect.stringMatching(/^23.59.50$/)])
    expect(close[2]).toMatch(/\n00.00.00$/)
    expect(new Set(close).size).toBe(4)
    expect(tickLabels([noon, noon + 60_000])[0]).toMatch(/^23.59$/)
    expect(tickLabels([noon, noon + 100, noon + 1000]).filter((label) => label !== '')).toHaveLength(2)
    expect(clock(noon, noon, true)).toMatch(/^23.59.40$/)
    expect(clock(noon, noon + 86_400_000, true)).toMatch(/.+ 23.59.40$/)
  })

  test('every phase has a glyph and a word beside its colour, and an unknown one is shown as it is', () => {
    for (const service of busyFleet()) {
      const { glyph, word } = markOf(service)
      expect(glyph.length * word.length).toBeGreaterThan(0)
    }
    expect(markOf({ phase: 'dreaming', outcome: null }).word).toBe('dreaming')
    expect(markOf(find('checkout')).word).toBe('Waits at a gate')
  })
})

describe('the fleet', () => {
  const names = (search: string) =>
    arranged(busyFleet(), fleetQuery(new URLSearchParams(search))).map(({ service }) => service)

  test('what needs a person comes first: trouble, then gates, then what moves, then what ended badly', () => {
    expect(names('')).toEqual([
      'routing',
      'checkout',
      'fares',
      'pricing',
      'notifications',
      'safety',
      'geo',
      'search',
      'pricing',
      'tiles',
    ])
    expect(
      busyFleet()
        .filter(needsPerson)
        .map(({ service }) => service),
    ).toEqual(['checkout', 'routing'])
  })

  test('it is filtered by text, environment and group, and ordered by any column, either way', () => {
    expect(names('text=PRICING&environment=staging')).toEqual(['pricing'])
    expect(names('group=frozen')).toEqual(['geo'])
    expect(names('text=chance+cannot')).toEqual(['fares'])
    expect(names('sort=service&environment=staging')).toEqual(['notifications', 'pricing', 'tiles'])
    expect(names('sort=-service&environment=staging')).toEqual(['tiles', 'pricing', 'notifications'])
    expect(names('sort=next').slice(0, 3)).toEqual(['fares', 'notifications', 'pricing'])
    expect(names('sort=nonsense')).toEqual(names(''))
  })
})

describe('places', () => {
  test('views and services are told apart by how many parts their place has', () => {
    expect(readRoute('#/audit')).toMatchObject({ view: 'audit' })
    expect(readRoute('#/audit/pricing')).toMatchObject({ view: 'service', environment: 'audit', number: null })
    expect(readRoute('#/production/pricing/7?x=1')).toMatchObject({ view: 'service', service: 'pricing', number: 7 })
    expect(readRoute('')).toMatchObject({ view: 'fleet' })
    for (const bad of ['#/production/pricing/0', '#/production/pricing/7/8', '#/UP/case', '#/nothing', '#/a b/c'])
      expect(readRoute(bad).view).toBe('unknown')
  })

  test('whatever stands in the address, a place is read', () => {
    fc.assert(fc.property(fc.string(), (hash) => void expect(readRoute(`#${hash}`).view.length).toBeGreaterThan(0)))
  })

  test('only http and https are links, however they are written', () => {
    expect(safeLink('https://slipway.dev/problems/x')).toBe('https://slipway.dev/problems/x')
    for (const bad of [
      'javascript:alert(1)',
      ' java\nscript:alert(1)',
      'data:text/html,x',
      '//evil',
      'vbscript:x',
      '',
      'ftp://x/y',
    ])
      expect(safeLink(bad)).toBe(null)
    expect([linkTo('/audit', { a: '', b: '1' }), numberOf('pricing-12'), numberOf(null)]).toEqual([
      '#/audit?b=1',
      12,
      null,
    ])
  })
})

describe('who may what', () => {
  test('the role at a place is the highest grant that reaches it', () => {
    const me = {
      ...aPerson('viewer'),
      grants: [
        { role: 'viewer' as const, environments: null, services: null },
        { role: 'approver' as const, environments: ['production'], services: ['pri*'] },
      ],
    }
    expect(roleAt(me, 'production', 'pricing')).toBe('approver')
    expect(roleAt(me, 'staging', 'pricing')).toBe('viewer')
    expect(roleAt(me, 'production', null)).toBe('viewer')
    expect(roleOf({ ...me, grants: [] })).toBe(null)
  })
})

describe('what will happen', () => {
  const plan = rolloutOf(find('pricing')).manifest.stages

  test('promote names the next step and its weights, abort gives all back', () => {
    expect(forecast('promote', find('pricing'), plan)).toMatchObject({
      before: { 'pricing--r6-c4c4c4c4': 75, 'pricing--r7-abababab': 25 },
      after: { 'pricing--r6-c4c4c4c4': 50, 'pricing--r7-abababab': 50 },
    })
    expect(forecast('abort', find('pricing'), plan)).toMatchObject({
      after: { 'pricing--r6-c4c4c4c4': 100 },
      isDangerous: true,
    })
    expect(forecast('promote-full', find('pricing'), plan).after).toEqual({ 'pricing--r7-abababab': 100 })
    expect(forecast('promote', moving('x', 100, { step: { number: 4, of: 4 } }), plan).sentences[0]).toMatch(
      /ends as promoted/,
    )
  })

  test('an approval says whether the gate opens by it', () => {
    expect(forecast('approve', find('checkout'), plan).sentences[1]).toMatch(/the gate opens/)
    const three = { ...find('checkout'), gate: { ...GATE, required: 3 } }
    expect(forecast('approve', three, plan).sentences[1]).toMatch(/1 of 3 .* 1 more is needed/)
  })
})

describe('a rollout', () => {
  test('its steps are done, now, ahead, failed, or will never be', () => {
    const states = (name: string) => stepsOf(sceneOf(rolloutOf(find(name)), find(name))).map(({ state }) => state)
    expect(states('pricing')).toEqual(['done', 'now', 'ahead', 'ahead'])
    expect(states('search')).toEqual(['done', 'done', 'done', 'done'])
    expect(states('fares')).toEqual(['failed', 'never', 'never', 'never'])
    const aborted = { ...find('safety'), outcome: 'aborted' }
    expect(stepsOf(sceneOf(rolloutOf(aborted), aborted)).map(({ state }) => state)).toEqual([
      'done',
      'stopped',
      'never',
      'never',
    ])
  })

  test('after a promotion the new revision is the stable one and the old one the former; after a rollback it says so', () => {
    const roles = (name: string) => rolesOf(sceneOf(rolloutOf(find(name)), find(name)))
    expect(roles('pricing')).toEqual({ stable: ['stable', 'stable'], canary: ['canary', 'canary'] })
    expect(roles('search')).toEqual({ stable: ['former', 'former'], canary: ['stable', 'stable'] })
    expect(roles('safety').canary).toEqual(['canary', 'canary, rolled back'])
  })

  test('what the next step lacks is said: trouble, freeze, approvals, and KPIs that must pass', () => {
    const lacking = (name: string) => lackingOf(sceneOf(rolloutOf(find(name)), find(name)))
    expect(lacking('pricing')).toEqual(['errors: 860 more requests (2,140 of 3,000) and 12 more minutes of the bake'])
    expect(lacking('checkout')).toEqual(['1 of 2 approvals is missing.'])
    expect(lacking('fares')).toEqual([])
    const held = (more: { readonly by?: string; readonly unreadable?: true }) => {
      const freeze = { id: 'f', reason: 'no answer', by: 'ada', until: null, ...more }
      const service = { ...find('checkout'), gate: null, freeze }
      return lackingOf(sceneOf(rolloutOf(service), service))
    }
    expect(held({})).toEqual(['The freeze “no answer” by ada must end.'])
    expect(held({ unreadable: true })).toEqual(['Nobody can read which freezes hold: no answer.'])
    expect(held({ by: 'slipway' })).toEqual(['Nobody can read which freezes hold: no answer.'])
  })

  test('weights, wished and seen, follow from the audit in its order', () => {
    const changes = weightChanges(rowsOf(find('pricing')), 'pricing--r7-abababab')
    expect(changes.map(({ wanted, actual }) => [wanted, actual])).toEqual([
      [10, null],
      [10, 10],
      [25, 10],
      [25, 25],
    ])
  })
})

describe('figures over time', () => {
  const bucket = (minute: number, bad: number, total: number): Bucket => [
    minute * MINUTE,
    bad,
    total,
    null,
    1,
    10,
    null,
  ]
  const buckets = [bucket(0, 1, 10), bucket(1, 0, 10), [2 * MINUTE, null] as const, bucket(3, 2, 20)]

  test('a rolling share counts the buckets of its window, and missing ones as nothing', () => {
    const points = rolling(buckets, MINUTE, 2 * MINUTE)
    expect(points.map(({ bad, total }) => [bad, total])).toEqual([
      [1, 10],
      [1, 20],
      [0, 10],
      [2, 20],
    ])
    expect(points[0]).toMatchObject({ at: MINUTE, canary: 0.1, stable: 0.1 })
    expect(rolling(buckets, MINUTE, Number.POSITIVE_INFINITY).at(-1)).toMatchObject({ bad: 3, total: 40 })
  })

  test('the rolling sums are those of adding each window by hand, whatever the buckets', () => {
    const some = fc.array(fc.option(fc.tuple(fc.nat(5), fc.integer({ min: 5, max: 50 })), { nil: null }), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 9 }), (list, size) => {
        const row = list.map(
          (item, minute): Bucket => (item === null ? [minute * MINUTE, null] : bucket(minute, ...item)),
        )
        const points = rolling(row, MINUTE, size * MINUTE)
        for (const [place, point] of points.entries()) {
          const window = list.slice(Math.max(0, place - size + 1), place + 1)
          expect(point.bad).toBe(window.reduce((sum, item) => sum + (item?.[0] ?? 0), 0))
          expect(point.total).toBe(window.reduce((sum, item) => sum + (item?.[1] ?? 0), 0))
        }
      }),
    )
  })

  test('the window that is shown at first has as many events as a pass needs', () => {
    const pages: BucketPage[] = [
      {
        rollout: 'x-1',
        from: 0,
        bucketMs: MINUTE,
        unfinished: {},
        nextLink: null,
        items: [{ at: 0, kpis: { k: [bucket(0, 0, 100)] } }],
      },
    ]
    expect(fittingMs(pages, [['k', 0.05]])).toBe(5 * MINUTE)
    expect(fittingMs(pages, [['k', 0.001]])).toBe(30 * MINUTE)
    expect(fittingMs(pages, [['k', 0.000001]])).toBe(Number.POSITIVE_INFINITY)
    expect(fittingMs(pages, [['k', 0.000001]], 27_000)).toBe(5 * MINUTE)
    expect(fittingMs(pages, [['k', 0.000001]], 5 * HOUR)).toBe(6 * HOUR)
    expect(bucketsOf([...pages, ...pages], 'k')).toHaveLength(1)
  })

  test('a band is the paler the fewer events it stands on, and never stretches the axis past thrice the limit', () => {
    const points = rolling(
      [
        [0, 0, 3, null, 0, 10, null],
        [MINUTE, 0, 3000, null, 0, 10, null],
      ],
      MINUTE,
      MINUTE,
    )
    const picture = kpiPicture(points, 0.001, false, null)
    expect(picture.band?.strength).toEqual([0.001, 1])
    expect(points[0]?.band?.[1]).toBeGreaterThan(0.5)
    expect(picture.most).toBeLessThanOrEqual(0.003)
  })

  test('a gauge is shown as it was read', () => {
    expect(gauges([[0, 0, 1, 12.5, 0, 1, 11]], MINUTE)[0]).toMatchObject({
      at: MINUTE,
      canary: 12.5,
      stable: 11,
      band: null,
    })
  })

  test('the Wilson interval is the published one, and holds the share', () => {
    const [low, high] = wilson(10, 100) ?? [0, 0]
    expect([low, high].map((share) => Number(share.toFixed(4)))).toEqual([0.0552, 0.1744])
    expect([wilson(0, 0), wilson(0, 10)?.[0], wilson(10, 10)?.[1]]).toEqual([null, 0, 1])
  })
})

describe('freezes', () => {
  test('those that hold come first, and the calendar has what touches the coming days', () => {
    expect(ordered(someFreezes()).map(({ id }) => id)).toEqual(['weekend', 'stop-staging', 'black-friday'])
    const spans = calendar(someFreezes(), NOW, 14)
    expect(spans.map(({ left, width }) => left + width <= 100.001)).toEqual([true, true, true])
    expect(
      calendar([{ ...(someFreezes()[0] as never as ReturnType<typeof someFreezes>[0]), window: null }], NOW, 14),
    ).toEqual([])
  })

  test('only what its kind has is sent', () => {
    const draft = {
      environment: 'production',
      services: 'pricing, fares',
      from: '2026-12-01T08:00',
      until: '2026-12-02T08:00',
      cron: '0 18 * * 5',
      timeZone: 'UTC',
      duration: '62h',
      reason: ' why ',
    }
    const shared = { id: 'i', environment: 'production', services: ['pricing', 'fares'], reason: 'why' }
    expect(requestOf({ ...draft, kind: 'stop' }, 'i')).toEqual(shared)
    expect(requestOf({ ...draft, kind: 'recurring' }, 'i')).toEqual({
      ...shared,
      cron: '0 18 * * 5',
      timeZone: 'UTC',
      duration: '62h',
    })
    expect(Object.keys(requestOf({ ...draft, kind: 'once' }, 'i'))).toContain('until')
  })
})
