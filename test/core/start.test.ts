import { describe, expect, test } from 'vitest'
import type { OnNewRevision, Push, ServiceState } from '../../lib/core/service.ts'
import { entityId } from '../../lib/core/service.ts'
import { isRunning, newRollout, receptionOf, remember } from '../../lib/core/start.ts'
import { footprintOf } from '../../lib/core/traffic.ts'
import {
  aManifest,
  aPush,
  appAt,
  aRevision,
  aRollout,
  aService,
  CANARY,
  digestOf,
  finished,
  KEY,
  MINUTE,
  progressing,
  rollingBack,
  STABLE,
  T0,
} from '../support/builders.ts'

const v3 = aPush({ tag: 'v3', digest: digestOf('cd'), pushedAt: T0 + MINUTE, eventId: 'event-3' })
const running = aRollout(progressing(0))
const over = aRollout(finished('promoted'))

/** As `remember`, at a moment that does not count here. */
const kept = (service: ServiceState, push: Push, rollout: string | null) => remember(service, push, rollout, T0)

/** A service that has taken in v2 and started its rollout. */
function afterV2(overrides: Partial<ServiceState> = {}, policy: OnNewRevision = 'supersede'): ServiceState {
  return kept(aService({ manifest: aManifest({ onNewRevision: policy }), ...overrides }), aPush(), 'pricing-2')
}

describe('receptionOf', () => {
  test('the first push starts a rollout', () => {
    expect(receptionOf(aService(), null, aPush())).toEqual({ kind: 'start' })
  })
  test('a push after a finished rollout starts the next', () => {
    expect(receptionOf(afterV2(), over, v3)).toEqual({ kind: 'start' })
  })
  test('the same event again is a duplicate and names its rollout', () => {
    const service = kept(afterV2(), v3, 'pricing-3')
    expect(receptionOf(service, over, aPush())).toEqual({
      kind: 'duplicate',
      because: 'this event was delivered before',
      rollout: 'pricing-2',
    })
  })
  test('the newest digest under another tag and event is a duplicate', () => {
    const latest = aPush({ tag: 'latest', eventId: 'event-2', pushedAt: T0 })
    expect(receptionOf(afterV2(), over, latest)).toMatchObject({ kind: 'duplicate', rollout: 'pricing-2' })
  })
  test('one event that names two digests is two pushes', () => {
    expect(receptionOf(afterV2(), over, { ...v3, eventId: 'event-1' })).toEqual({ kind: 'start' })
  })
  test('a push that is older than the newest arrived too late and is ignored', () => {
    const service = kept(aService(), v3, 'pricing-3')
    expect(receptionOf(service, over, aPush())).toEqual({
      kind: 'ignore',
      because: 'v2 was pushed before v3, which arrived first',
    })
  })
  test('an older digest that is pushed again later is a new wish', () => {
    const service = kept(afterV2(), v3, 'pricing-3')
    const back = aPush({ pushedAt: T0 + 2 * MINUTE, eventId: 'event-4' })
    expect(receptionOf(service, over, back)).toEqual({ kind: 'start' })
  })
  test('the digest that runs now is a duplicate although a newer one waits', () => {
    const service = kept(afterV2({ pending: [v3] }), v3, null)
    const again = aPush({ pushedAt: T0 + 2 * MINUTE, eventId: 'event-4' })
    expect(receptionOf(service, running, again)).toMatchObject({ kind: 'duplicate', rollout: 'pricing-2' })
  })
  test('a digest that waits is a duplicate', () => {
    const v4 = aPush({ tag: 'v4', digest: digestOf('ef'), pushedAt: T0 + 2 * MINUTE, eventId: 'event-4' })
    const service = kept(kept(afterV2({ pending: [v3, v4] }), v3, null), v4, null)
    const again = { ...v3, eventId: 'event-5', pushedAt: T0 + 3 * MINUTE }
    expect(receptionOf(service, running, again)).toMatchObject({
      kind: 'duplicate',
      because: expect.stringContaining('on its way'),
    })
  })
  test('a push behind others that wait joins the queue although nothing runs', () => {
    expect(receptionOf(afterV2({ pending: [aPush()] }), over, v3)).toEqual({ kind: 'queue' })
  })

  test('while a rollout runs, supersede supersedes', () => {
    expect(receptionOf(afterV2(), running, v3)).toEqual({ kind: 'supersede' })
    expect(receptionOf(afterV2(), aRollout(rollingBack()), v3)).toEqual({ kind: 'supersede' })
  })
  test('while a rollout runs, queue queues until the queue is full', () => {
    expect(receptionOf(afterV2({}, 'queue'), running, v3)).toEqual({ kind: 'queue' })
    const waiting: readonly Push[] = Array.from({ length: 20 }, (_, n) => aPush({ digest: `sha256:${n}` }))
    expect(receptionOf(afterV2({ pending: waiting }, 'queue'), running, v3)).toEqual({
      kind: 'reject',
      because: '20 pushes wait already; v3 was not added',
    })
  })
  test('while a rollout runs, reject rejects and says which one runs', () => {
    expect(receptionOf(afterV2({}, 'reject'), running, v3)).toEqual({
      kind: 'reject',
      because: 'pricing-2 (v2) is still running and the manifest says reject',
    })
  })
  test('a push that was rejected may start when it is pushed anew, not when its event comes by another way', () => {
    const service = kept(afterV2({}, 'reject'), v3, null)
    expect(receptionOf(service, over, { ...v3, eventId: 'by-event-grid' })).toMatchObject({
      kind: 'duplicate',
      rollout: null,
    })
    expect(receptionOf(service, over, { ...v3, eventId: 'anew', pushedAt: T0 + 5 * MINUTE })).toEqual({ kind: 'start' })
  })
})

describe('remember', () => {
  test('the newest comes first and no more than 20 are kept', () => {
    let service = aService()
    for (let n = 0; n < 25; n++) service = kept(service, aPush({ eventId: `e${n}` }), null)
    expect(service.handled).toHaveLength(20)
    expect(service.handled[0]?.eventId).toBe('e24')
  })
  test('the same push is kept once, with its newest rollout', () => {
    const service = kept(kept(aService(), aPush(), null), aPush(), 'pricing-3')
    expect(service.handled.map((handled) => handled.rollout)).toEqual(['pricing-3'])
  })
})

describe('newRollout', () => {
  const begun = newRollout(aService(), null, v3, T0)
  test('it takes the next number, begins with preparing, and is due at once', () => {
    expect(begun.service.rolloutNumber).toBe(3)
    expect(begun.rollout).toMatchObject({
      id: 'pricing-3',
      phase: { kind: 'preparing', since: T0 },
      stable: null,
      expected: [0],
      wished: [0],
      wakeAt: T0,
      manifestVersion: 3,
    })
    expect(isRunning(begun.rollout)).toBe(true)
  })
  test('the revision is named after number and digest, in the letters that Azure takes', () => {
    expect(begun.rollout.canary).toBe('pricing--r3-cdcdcdcd')
    expect(begun.rollout.canary).toMatch(/^[a-z][a-z0-9]*--[a-z][a-z0-9-]*[a-z0-9]$/)
    const last = newRollout(aService({ rolloutNumber: 99_999_998 }), null, v3, T0).rollout
    expect(last.canary.split('--')[1]?.length).toBeLessThanOrEqual(20)
  })
  test('another attempt with the same digest gets a revision of its own', () => {
    expect(newRollout(begun.service, over, v3, T0).rollout.canary).not.toBe(begun.rollout.canary)
  })
  test('the row says what was pushed and by whom, and can be said otherwise', () => {
    expect(begun.row).toMatchObject({ kind: 'rollout-started', actor: 'acr', rollout: 'pricing-3', value: 3 })
    expect(begun.row.notes).toContain('v3 (acme.azurecr.io/team/pricing@sha256:cdcd')
    expect(newRollout(aService(), null, v3, T0, { row: { actor: 'ada' } }).row.actor).toBe('ada')
  })

  test('what the one before left running goes along, and what it switched off does not', () => {
    const app = appAt(100, {
      revisions: [aRevision(STABLE), aRevision(CANARY), aRevision('pricing--old', { active: false })],
    })
    const leftovers = [STABLE, 'pricing--old']
    const before = aRollout(finished('promoted'), { leftovers })
    const previous = { ...before, footprint: footprintOf(app, before) }
    expect(newRollout(aService(), previous, v3, T0).rollout.leftovers).toEqual([STABLE])
  })
  test('a canary of the one before that was asked for and never seen may still come and goes along', () => {
    const before = aRollout(finished('superseded'), { leftovers: [CANARY, 'pricing--r1-gone'] })
    const previous = { ...before, footprint: footprintOf(appAt(0, { revisions: [aRevision(STABLE)] }), before) }
    expect(newRollout(aService(), previous, v3, T0).rollout.leftovers).toEqual([CANARY])
  })
  test('nothing is known to be off where nothing was seen', () => {
    const previous = aRollout(finished('failed'), { leftovers: [STABLE], footprint: null })
    expect(newRollout(aService(), previous, v3, T0).rollout.leftovers).toEqual([STABLE])
  })
  test('a rollout that still runs leaves nothing behind yet', () => {
    expect(newRollout(aService(), aRollout(progressing(0), { leftovers: [STABLE] }), v3, T0).rollout.leftovers).toEqual(
      [],
    )
  })
})

test('a service is named by environment and name', () => expect(entityId(KEY)).toBe('production/pricing'))

describe('what was pushed before', () => {
  const again = (changes: Partial<Push> = {}) => aPush({ eventId: 'again', pushedAt: T0 + 9 * MINUTE, ...changes })
  const ended = (outcome: Parameters<typeof finished>[0], at = T0) => aRollout(finished(outcome, { at }))

  test.each<[string, ReturnType<typeof receptionOf>['kind'], Parameters<typeof receptionOf>]>([
    ['begins anew after its promotion', 'start', [afterV2(), ended('promoted'), again()]],
    ['begins anew after it was found to serve already', 'start', [afterV2(), ended('unchanged'), again()]],
    ['is a duplicate after a rollback', 'duplicate', [afterV2(), ended('rolled-back'), again()]],
    [
      'is a duplicate where it was pushed before that end',
      'duplicate',
      [afterV2(), ended('promoted', T0 + 9 * MINUTE), again()],
    ],
    ['is a duplicate while its rollout runs', 'duplicate', [afterV2(), running, again()]],
    [
      'is a duplicate with the very time of the newest',
      'duplicate',
      [afterV2(), ended('promoted', 0), again({ pushedAt: aPush().pushedAt })],
    ],
    ['begins anew where it was turned down', 'start', [kept(aService(), aPush(), null), over, again()]],
    [
      'is a duplicate where it waits',
      'duplicate',
      [kept(aService({ pending: [aPush()] }), aPush(), null), ended('rolled-back'), again()],
    ],
  ])('%s', (_, kind, asked) => expect(receptionOf(...asked).kind).toBe(kind))

  test('is told with the reason', () => {
    expect(receptionOf(afterV2(), ended('rolled-back'), again())).toEqual({
      kind: 'duplicate',
      because: `${aPush().digest} was pushed before as v2`,
      rollout: 'pricing-2',
    })
    const queued = kept(kept(aService({ pending: [aPush()] }), aPush(), 'pricing-2'), v3, 'pricing-3')
    expect(receptionOf(queued, over, again())).toEqual({
      kind: 'duplicate',
      because: `${aPush().digest} is on its way already`,
      rollout: 'pricing-2',
    })
    expect(receptionOf(kept(afterV2(), v3, 'pricing-3'), running, again())).toMatchObject({
      because: expect.stringContaining('on its way'),
    })
  })

  test('two pushes of one moment are taken in the order in which they came', () => {
    expect(receptionOf(afterV2(), over, { ...v3, pushedAt: aPush().pushedAt })).toEqual({ kind: 'start' })
  })
})

describe('while an undo waits or runs', () => {
  test('a push that would supersede waits', () => {
    const undoing = aRollout(progressing(0), { cause: 'undo' })
    expect(receptionOf(afterV2(), undoing, v3)).toEqual({ kind: 'queue' })
    const undo = {
      push: aPush({ tag: 'v1' }),
      from: 'pricing-1',
      by: 'ada',
      reason: '',
    } as unknown as ServiceState['undo']
    expect(receptionOf(afterV2({ undo }), running, v3)).toEqual({ kind: 'queue' })
    expect(receptionOf(afterV2({ undo }), over, v3)).toEqual({ kind: 'queue' })
    expect(receptionOf(afterV2(), running, v3)).toEqual({ kind: 'supersede' })
  })
})

test('a rollout begins from nothing, with the manifest of now, and says so', () => {
  const { service, rollout, row } = newRollout(aService(), null, v3, T0)
  expect(service.rolloutNumber).toBe(3)
  const manifest = aManifest()
  expect(rollout).toEqual({
    schema: 1,
    id: 'pricing-3',
    number: 3,
    key: KEY,
    push: v3,
    cause: 'push',
    manifest,
    manifestVersion: 3,
    startedAt: T0,
    phase: { kind: 'preparing', since: T0 },
    stable: null,
    canary: 'pricing--r3-cdcdcdcd',
    expected: [0],
    wished: [0],
    wishedAt: T0,
    footprint: null,
    place: null,
    approvals: [],
    frozen: null,
    unfrozen: [],
    frozenAt: null,
    verdict: null,
    trouble: null,
    leftovers: [],
    repairs: 0,
    trafficSeenAt: T0,
    unwell: 0,
    restarting: 0,
    overdue: false,
    wakeAt: T0,
  })
  expect(row).toEqual({
    kind: 'rollout-started',
    metric: 'rollout',
    value: 3,
    notes: `v3 (acme.azurecr.io/team/pricing@${v3.digest}) was pushed; rollout pricing-3 begins with manifest version 3`,
    actor: 'acr',
    rollout: 'pricing-3',
    step: null,
    weightsBefore: null,
    weightsAfter: null,
    evidence: [],
    detail: { push: v3, cause: 'push' },
  })
  const undo = newRollout(aService(), null, v3, T0, { cause: 'undo', unfrozen: ['stop'], row: { actor: 'ada' } })
  expect(undo.rollout).toMatchObject({
    cause: 'undo',
    unfrozen: ['stop'],
    manifest: { stages: [{ weight: 100, bakeMs: 0, gate: false }] },
  })
  expect(undo.row).toMatchObject({ actor: 'ada', detail: { cause: 'undo' } })
})

test('a handled push is remembered once for its event and digest', () => {
  const twice = kept(kept(kept(aService(), aPush(), null), v3, 'pricing-3'), aPush(), 'pricing-2')
  expect(twice.handled.map(({ tag, rollout }) => [tag, rollout])).toEqual([
    ['v2', 'pricing-2'],
    ['v3', 'pricing-3'],
  ])
  const other = kept(twice, aPush({ digest: digestOf('ef') }), null)
  expect(other.handled.map(({ digest }) => digest)).toEqual([digestOf('ef'), digestOf('ab'), digestOf('cd')])
})
