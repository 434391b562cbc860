import { describe, expect, test } from 'vitest'
import type { AuditKind, AuditRow } from '../../lib/core/audit.ts'
import { noticesOf, shortened, threadOf } from '../../lib/core/notice.ts'
import { type NoticeFilter, passes } from '../../lib/core/notice-filter.ts'
import type { Outcome, PauseReason, Phase, Rollout } from '../../lib/core/rollout.ts'
import type { ServiceKey } from '../../lib/core/service.ts'
import { aNotice } from '../support/notices.ts'
import { aRollout, auditRows, T0 } from '../support/state.ts'

const KEY: ServiceKey = { environment: 'production', name: 'pricing' }

function row(kind: AuditKind, changes: Partial<AuditRow> = {}): AuditRow {
  const [blank] = auditRows(KEY, 1, 1)
  if (blank === undefined) throw new Error('a row was expected')
  const said = { notes: 'because of that', metric: 'none', actor: 'slipway', step: null, value: null, evidence: [] }
  return { ...blank, ...said, rollout: 'pricing-1', ...changes, kind }
}

const CALM: Partial<Rollout> = { trouble: null, overdue: false }
const progressing: Phase = { kind: 'progressing', stage: 1, since: T0, steadyAt: T0 }
const rollingBack = (outcome: Outcome): Phase => ({ kind: 'rolling-back', outcome, because: 'p95', since: T0 })
const finished = (outcome: Outcome): Phase => ({ kind: 'finished', outcome, because: 'x', at: T0, watchUntil: T0 })
/** The same after something was written for it. */
const watched = (outcome: Outcome): Phase => ({ ...finished(outcome), watchUntil: T0 + 1 }) as Phase
const ENDED_ALARM = 'resolved, ends critical, closes'
const ENDED_WARNING = 'resolved, ends warning, closes'
const paused = (why: PauseReason): Phase => {
  return { kind: 'paused', why, because: 'x', since: T0, from: 'progressing', stage: 1, steadyAt: T0 }
}

function toldOf(kind: AuditKind, phase: Phase, changes: Partial<AuditRow> = {}, more: Partial<Rollout> = {}) {
  return noticesOf([row(kind, changes)], aRollout(KEY, { ...CALM, phase, ...more }), 'https://slipway.example.com')[0]
}

/** What each kind is told as while a rollout goes on in peace; null = not at all. */
const MANNERS: Readonly<Record<AuditKind, string | null>> = {
  'stable-found': null,
  'traffic-pinned': null,
  'revision-requested': null,
  'revision-ready': null,
  'weights-confirmed': null,
  'repair-requested': null,
  'revision-activated': null,
  'revision-deactivated': null,
  'promotion-confirmed': null,
  'watch-ended': null,
  'drift-reported': null,
  'push-queued': null,
  'manifest-stored': 'info',
  'push-rejected': 'info',
  'rollout-started': 'info',
  'step-started': 'info',
  approved: 'info',
  'approval-lapsed': 'warning',
  'break-glass': 'warning',
  'freeze-added': 'warning',
  'freeze-held': 'info',
  'freeze-over': 'info',
  'freeze-lifted': 'info',
  'undo-requested': 'warning',
  'person-erased': 'info',
  'audit-verified': null,
  'audit-broken': 'critical',
  'audit-trimmed': 'info',
  'quarantine-added': 'warning',
  'quarantine-redriven': 'info',
  'quarantine-dismissed': 'info',
  'quarantine-over': 'info',
  'measurements-lost': 'warning',
  'mode-set': 'warning',
  'measurements-back': 'resolved, ends warning, closes',
  paused: 'info',
  resumed: 'info, closes',
  'promoted-by-hand': 'info, closes',
  'rollback-started': 'info',
  'rollback-confirmed': 'info, closes',
  'foreign-edit': 'critical',
  'late-write-corrected': 'warning',
  trouble: 'warning',
  'trouble-over': 'resolved, ends warning, closes',
  'deadline-passed': 'warning',
  finished: 'info, closes',
}

function inWords(notice: ReturnType<typeof toldOf>): string | null {
  if (notice === undefined) return null
  const { severity, ends, closes } = notice
  return [severity, ends === null ? '' : `ends ${ends}`, closes ? 'closes' : '']
    .filter((part) => part !== '')
    .join(', ')
}

describe('an audit row', () => {
  test.each(Object.entries(MANNERS) as [AuditKind, string | null][])('%s is told as %s', (kind, manner) => {
    expect(inWords(toldOf(kind, progressing))).toBe(manner)
  })

  const CASES: readonly (readonly [string, AuditKind, Phase, string, Partial<AuditRow>?, Partial<Rollout>?])[] = [
    ['a gate wants somebody soon', 'paused', paused('gate'), 'warning'],
    ['an unclear step wants somebody soon', 'paused', paused('inconclusive'), 'warning'],
    ['a refusal of Azure wants somebody now', 'paused', paused('fault'), 'critical'],
    ['a pause after a foreign edit wants somebody now', 'paused', paused('foreign-edit'), 'critical'],
    ['a pause that somebody wished wants nobody', 'paused', paused('operator'), 'info'],
    ['a rollback wants somebody now', 'rollback-started', rollingBack('rolled-back'), 'critical'],
    ['a revision that never came wants somebody now', 'rollback-started', rollingBack('failed'), 'critical'],
    ['an abort wants eyes', 'rollback-started', rollingBack('aborted'), 'warning'],
    ['giving way to a newer push wants nobody', 'rollback-started', rollingBack('superseded'), 'info'],
    [
      'a confirmed rollback ends the alarm',
      'rollback-confirmed',
      finished('rolled-back'),
      'resolved, ends critical, closes',
    ],
    ['a confirmed abort ends its warning', 'rollback-confirmed', finished('aborted'), 'resolved, ends warning, closes'],
    ['a promotion is good news', 'finished', finished('promoted'), 'info, closes'],
    ['nothing to do is no news', 'finished', finished('unchanged'), 'info, closes'],
    [
      'an app that is refused before anything was written wants somebody now',
      'finished',
      finished('refused'),
      'critical',
    ],
    ['so does a push that came to nothing', 'finished', finished('failed'), 'critical'],
    ['an abort before anything was written ends its warning', 'finished', finished('aborted'), ENDED_WARNING],
    ['a failure that was rolled back ends as it began', 'finished', watched('failed'), ENDED_ALARM],
    ['so does one whose app is gone', 'finished', watched('refused'), ENDED_ALARM],
    ['a canary that keeps its traffic wants somebody now', 'deadline-passed', rollingBack('rolled-back'), 'critical'],
    ['a foreign edit after the end wants eyes', 'foreign-edit', finished('promoted'), 'warning'],
    ['a missing role wants somebody now', 'trouble', progressing, 'critical', { metric: 'denied' }],
    [
      'that it is there again ends the alarm',
      'trouble-over',
      progressing,
      'resolved, ends critical, closes',
      { metric: 'denied' },
    ],
    ['trouble that ends within a rollback ends no alarm', 'trouble-over', rollingBack('rolled-back'), 'info'],
    ['measurements that are back in a stuck rollout end no alarm', 'measurements-back', paused('fault'), 'info'],
    [
      'a resume into standing trouble closes nothing',
      'resumed',
      progressing,
      'info',
      {},
      { trouble: aRollout(KEY).trouble },
    ],
    ['trouble that is over at a gate is over', 'trouble-over', paused('gate'), 'resolved, ends warning, closes'],
  ]
  for (const [what, kind, phase, manner, changes = {}, more = {}] of CASES)
    test(what, () => expect(inWords(toldOf(kind, phase, changes, more))).toBe(manner))
})

describe('a notice', () => {
  test('names rollout, tag, digest, image, step and page, and says the row in a sentence', () => {
    const notice = toldOf('step-started', progressing, { step: 2, value: 50, seq: 7, id: 'production/pricing#7' })
    expect(notice).toMatchObject({
      id: 'production/pricing#7',
      seq: 7,
      title: 'pricing-1 (v2) begins step 2 of 3: 50 % of the traffic',
      environment: 'production',
      service: 'pricing',
      rollout: 'pricing-1',
      image: 'acme.azurecr.io/team/pricing',
      tag: 'v2',
      step: { number: 2, of: 3 },
      gate: null,
      outcome: null,
      link: 'https://slipway.example.com/ui/#/production/pricing',
    })
    expect(notice?.sentence).toContain('production/pricing (pricing-1, step 2): because of that')
  })

  test('of a gate says who may open it, who has, and until when', () => {
    const phase = paused('gate')
    const rollout = aRollout(KEY, { ...CALM, phase })
    const approvals = { required: 2, from: ['ada', 'olga'], notAuthor: false, validForMs: null }
    const manifest = { ...rollout.manifest, approvals, deadlines: { ...rollout.manifest.deadlines, gateMs: 3_600_000 } }
    const given = { id: 'ada', name: 'ada', step: 2, digest: rollout.push.digest, at: T0, expiresAt: null }
    expect(toldOf('paused', phase, { step: 2 }, { manifest, approvals: [given] })?.gate).toEqual({
      step: 2,
      digest: rollout.push.digest,
      needed: 2,
      given: ['ada'],
      from: ['ada', 'olga'],
      says: '1 of 2 approvals (by ada); 1 more is needed, from olga',
      expiresAt: T0 + 3_600_000,
    })
    expect(toldOf('paused', phase, { step: 2 })?.gate).toMatchObject({
      needed: 1,
      given: [],
      from: null,
      expiresAt: null,
    })
  })

  test('about another rollout, a service or an environment claims nothing that it does not know', () => {
    const other = noticesOf([row('manifest-stored', { rollout: 'pricing-9' })], aRollout(KEY), null)[0]
    expect(other).toMatchObject({
      title: 'pricing-9 has a new manifest',
      tag: null,
      image: null,
      step: null,
      link: null,
    })
    const service = noticesOf([row('manifest-stored', { rollout: null })], null, 'https://s.example')[0]
    expect(service).toMatchObject({ title: 'production/pricing has a new manifest', service: 'pricing', rollout: null })
    const stop = row('freeze-added', { rollout: null, entityId: 'production', id: 'production#3' })
    expect(noticesOf([stop], null, 'https://s.example')[0]).toMatchObject({
      title: 'production has a freeze',
      environment: 'production',
      service: null,
      link: 'https://s.example/ui/#/freezes',
    })
    expect([other, service].map((notice) => notice && threadOf(notice))).toEqual(['pricing-9', 'pricing'])
    expect(threadOf({ environment: 'production', service: null, rollout: null })).toBe('production')
  })

  test('is not told twice of one end: a confirmed rollback says that the rollout has finished', () => {
    const rows = [row('rollback-confirmed'), row('finished')]
    const told = noticesOf(rows, aRollout(KEY, { ...CALM, phase: finished('rolled-back') }), null)
    expect(told.map(({ kind }) => kind)).toEqual(['rollback-confirmed'])
    const alone = noticesOf([row('finished')], aRollout(KEY, { ...CALM, phase: finished('rolled-back') }), null)
    expect(alone.map(({ title }) => title)).toEqual(['pricing-1 (v2) has ended: rolled-back'])
  })

  const TITLES: readonly (readonly [AuditKind, Phase | null, string])[] = [
    ['paused', paused('gate'), 'waits at the gate of step 2 for a person'],
    ['paused', paused('inconclusive'), 'is paused: step 2 stayed unclear'],
    ['paused', paused('fault'), 'is paused: Azure refuses it'],
    ['paused', paused('foreign-edit'), 'is paused: somebody else changed it'],
    ['paused', paused('operator'), 'is paused'],
    ['rollback-started', rollingBack('superseded'), 'gives way to a newer push'],
    ['rollback-started', rollingBack('failed'), 'is being rolled back'],
    ['finished', finished('promoted'), 'is promoted: it serves all traffic'],
    ['finished', finished('unchanged'), 'had nothing to do: its digest serves already'],
    ['finished', progressing, 'has ended'],
  ]
  test.each(TITLES)('about %s of %j %s', (kind, phase, words) => {
    expect(toldOf(kind, phase ?? progressing, { step: 2 })?.title).toBe(`pricing-1 (v2) ${words}`)
  })

  test('knows words also where the rollout is not at hand', () => {
    const titles = (['step-started', 'paused', 'rollback-started', 'finished'] as const).map(
      (kind) => noticesOf([row(kind, { rollout: 'pricing-9' })], null, null)[0]?.title,
    )
    expect(titles).toEqual([
      'pricing-9 begins a step: ? % of the traffic',
      'pricing-9 is paused',
      'pricing-9 is being rolled back',
      'pricing-9 has ended',
    ])
  })

  test('is never longer than it may be, and never ends in half a character', () => {
    expect(toldOf('paused', paused('fault'), { notes: 'x'.repeat(9_000) })?.sentence).toHaveLength(4_000)
    expect(shortened('abc', 3)).toBe('abc')
    expect(shortened('a🚀b', 3)).toBe('a…')
    expect(shortened('ab🚀', 3)).toBe('ab…')
  })
})

describe('a filter', () => {
  const ALL: NoticeFilter = { environments: null, services: null, atLeast: 'info', closing: false }
  const critical = { ...ALL, atLeast: 'critical' } as const
  const CASES: readonly (readonly [string, Partial<NoticeFilter>, Parameters<typeof aNotice>[1], boolean])[] = [
    ['lets all through by default', {}, {}, true],
    ['knows its environments', { environments: ['production'] }, {}, true],
    ['keeps other environments out', { environments: ['staging'] }, {}, false],
    ['knows its services', { services: ['pricing'] }, {}, true],
    ['knows services by their beginning', { services: ['pri*'] }, {}, true],
    ['keeps other services out', { services: ['routing', 'pric'] }, {}, false],
    ['lets through what concerns a whole environment', { services: ['routing'] }, { service: null }, true],
    ['keeps out what is less grave', { atLeast: 'warning' }, { severity: 'info' }, false],
    ['lets through what is as grave', { atLeast: 'warning' }, { severity: 'warning' }, true],
    ['lets through what is graver', { atLeast: 'warning' }, { severity: 'critical' }, true],
    ['lets through the end of what it let through', critical, { severity: 'resolved', ends: 'critical' }, true],
    ['keeps out the end of what it kept out', critical, { severity: 'resolved', ends: 'warning' }, false],
    ['lets through what closes an alert where it is asked to', { ...critical, closing: true }, { closes: true }, true],
    ['keeps it out otherwise', critical, { closes: true }, false],
  ]
  test.each(CASES)('%s', (_what, filter, notice, wanted) => {
    expect(passes({ ...ALL, ...filter }, aNotice(1, notice))).toBe(wanted)
  })
})
