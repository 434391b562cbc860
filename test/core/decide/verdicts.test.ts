import { describe, expect, test } from 'vitest'
import type { Facts } from '../../../lib/core/facts.ts'
import type { Verdict, VerdictKind } from '../../../lib/core/judge/verdict.ts'
import type { Phase, Rollout } from '../../../lib/core/rollout.ts'
import type { Analysis } from '../../../lib/core/service.ts'
import {
  aCommand,
  aManifest,
  anAnalysis,
  appAt,
  aRollout,
  aVerdict,
  HOUR,
  MINUTE,
  paused,
  progressing,
  STABLE,
  someEvidence,
  T0,
} from '../../support/builders.ts'
import { asked, kinds, look, phaseOf } from './support.ts'

/** The bake of step 1 is over and its source has caught up. */
const BAKED = T0 + HOUR + 2 * MINUTE
const UNCLEAR = ['inconclusive', 'nodata', 'error', 'suspect'] as const satisfies readonly VerdictKind[]

/** A rollout in `phase` whose manifest says this about judging. */
function judged(analysis: Partial<Analysis>, phase: Phase = progressing(0)): Rollout {
  return aRollout(phase, { manifest: aManifest({ analysis: anAnalysis(analysis) }) })
}

describe('what each verdict does', () => {
  const during = progressing(0)
  const stays = 'stays'
  const table: readonly [string, Phase, number, Readonly<Record<VerdictKind, string>>][] = [
    ['a step that bakes', during, T0 + MINUTE, every(stays, { fail: 'rolling-back rolled-back' })],
    [
      'a step whose bake is over',
      during,
      BAKED,
      every(stays, { pass: 'progressing 1', fail: 'rolling-back rolled-back' }),
    ],
    ['a gate', paused('gate'), BAKED, every(stays, { fail: 'rolling-back rolled-back' })],
    ['a pause by a person', paused('operator'), BAKED, every(stays, { fail: 'rolling-back rolled-back' })],
    ['a step left unclear', paused('inconclusive'), BAKED, every(stays, { fail: 'rolling-back rolled-back' })],
    ['a rollout parked by a fault', paused('fault'), BAKED, every(stays, { fail: 'rolling-back rolled-back' })],
    ['a rollout that foreign hands hold', paused('foreign-edit'), BAKED, every(stays, {})],
  ]
  for (const [name, phase, now, row] of table) {
    for (const [kind, follows] of Object.entries(row) as [VerdictKind, string][]) {
      test(`${name}: ${kind} → ${follows}`, () => {
        const rollout = aRollout(phase)
        const decision = look(rollout, appAt(10), { now, verdict: aVerdict(kind) })
        expect(phaseOf(decision.next)).toBe(follows === stays ? phaseOf(rollout) : follows)
        if (follows === stays) expect(decision.actions).toEqual([])
        if (kind === 'fail' && follows !== stays) expect(asked(decision.actions)).toEqual({ [STABLE]: 100 })
      })
    }
  }

  function every(usual: string, others: Partial<Record<VerdictKind, string>>): Readonly<Record<VerdictKind, string>> {
    return {
      pass: usual,
      inconclusive: usual,
      nodata: usual,
      error: usual,
      suspect: usual,
      fail: usual,
      ...others,
    }
  }
})

describe('a pass', () => {
  test('of the step before lets no step pass', () => {
    const now = T0 + 3 * HOUR
    const rollout = aRollout(progressing(1, T0 + 2 * HOUR, T0 + 2 * HOUR))
    const old = aVerdict('pass', [someEvidence('pass', { from: T0 + 2 * HOUR - 1 })])
    expect(phaseOf(look(rollout, appAt(50), { now, verdict: old }).next)).toBe('progressing 1')
    const own = aVerdict('pass', [someEvidence('pass', { from: T0 + 2 * HOUR })])
    expect(phaseOf(look(rollout, appAt(50), { now, verdict: own }).next)).toBe('progressing 2')
  })

  for (const role of ['guard', 'advisory'] as const) {
    test(`is not held up by a KPI with the role ${role} whose source is silent since an earlier step`, () => {
      const silent = someEvidence('error', { kpi: 'queue', role, from: T0 - HOUR })
      const verdict = aVerdict('pass', [someEvidence('pass'), silent])
      expect(phaseOf(look(aRollout(), appAt(10), { now: BAKED, verdict }).next)).toBe('progressing 1')
    })
  }
})

describe('a step that stays unclear', () => {
  for (const kind of UNCLEAR) {
    const late = { now: BAKED + HOUR, verdict: aVerdict(kind) }
    test(`(${kind}) pauses after its extension, keeps the weight and says who can do what`, () => {
      expect(phaseOf(look(aRollout(), appAt(10), { ...late, now: late.now - 1 }).next)).toBe('progressing 0')
      const decision = look(aRollout(), appAt(10), late)
      expect(phaseOf(decision.next)).toBe('paused inconclusive')
      expect(decision.actions).toEqual([])
      expect(decision.rows.at(-1)).toMatchObject({
        kind: 'paused',
        metric: 'inconclusive',
        evidence: late.verdict.evidence,
      })
      expect(decision.rows.at(-1)?.notes).toBe(
        `step 1 stayed ${kind} for 1h after its bake: p95 is ${kind}; promote, resume to wait longer, or abort`,
      )
    })
    test(`(${kind}) is rolled back where the manifest says abort`, () => {
      const decision = look(judged({ onInconclusive: { afterMs: HOUR, then: 'abort' } }), appAt(10), late)
      expect(phaseOf(decision.next)).toBe('rolling-back aborted')
      expect(asked(decision.actions)).toEqual({ [STABLE]: 100 })
      expect(decision.rows[0]).toMatchObject({ evidence: late.verdict.evidence })
    })
    test(`(${kind}) does not end the step while what was missed is still taken in`, () => {
      const rollout = judged({ onInconclusive: { afterMs: HOUR, then: 'abort' } })
      const decision = look(rollout, appAt(10), { ...late, isBehind: true })
      expect(decision.next.phase.kind).toBe('progressing')
      expect(decision.next.wakeAt).toBe((late.now ?? 0) + 10_000)
    })
    test(`(${kind}) pauses with promote-never, and promote is not among the ways out`, () => {
      const decision = look(judged({ onInconclusive: { afterMs: HOUR, then: 'promote-never' } }), appAt(10), late)
      expect(phaseOf(decision.next)).toBe('paused inconclusive')
      expect(decision.rows.at(-1)?.notes).toContain('resume to wait longer, or abort; the manifest lets nobody promote')
    })
  }

  test('without any answer says that there were no measurements', () => {
    expect(look(aRollout(), appAt(10), { now: BAKED + HOUR }).rows[0]?.notes).toContain('no measurements')
  })

  test('waits as long again when it is resumed', () => {
    const unclear = aVerdict('inconclusive')
    const at = (now: number): Partial<Facts> => ({ now, verdict: unclear })
    const resumed = look(aRollout(paused('inconclusive')), appAt(10), at(BAKED + HOUR), aCommand('resume'))
    expect(phaseOf(resumed.next)).toBe('progressing 0')
    expect(phaseOf(look(resumed.next, appAt(10), at(BAKED + 2 * HOUR - 1)).next)).toBe('progressing 0')
    expect(phaseOf(look(resumed.next, appAt(10), at(BAKED + 2 * HOUR)).next)).toBe('paused inconclusive')
  })

  const extensions: readonly [string, number, number][] = [
    ['as long as it bakes', 48 * HOUR, 48 * HOUR],
    ['an hour at least', 30 * MINUTE, HOUR],
    ['an hour where it does not bake', 0, HOUR],
  ]
  for (const [name, bakeMs, extension] of extensions) {
    test(`is extended by ${name} where the manifest does not say`, () => {
      const manifest = aManifest({
        stages: [
          { weight: 10, bakeMs, gate: false },
          { weight: 100, bakeMs: 0, gate: false },
        ],
        analysis: anAnalysis({ onInconclusive: { afterMs: null, then: 'wait' } }),
      })
      const rollout = aRollout(progressing(0), { manifest })
      const ends = T0 + bakeMs + 2 * MINUTE + extension
      const verdict = aVerdict('inconclusive')
      expect(phaseOf(look(rollout, appAt(10), { now: ends - 1, verdict }).next)).toBe('progressing 0')
      expect(phaseOf(look(rollout, appAt(10), { now: ends, verdict }).next)).toBe('paused inconclusive')
    })
  }
})

describe('a source that stays silent', () => {
  const error = aVerdict('error')
  const at = (now: number, verdict = error): Partial<Facts> => ({ now, verdict, blindSince: T0 })
  const blindAbort = { onBlind: { afterMs: 30 * MINUTE, then: 'abort' } } as const
  /** The loss itself was written down when it began. */
  const known = (rollout: Rollout): Rollout => ({ ...rollout, verdict: error })

  for (const [name, phase] of [
    ['while a step bakes', progressing(0)],
    ['at a gate', paused('gate')],
    ['while a fault parks the rollout', paused('fault')],
  ] as const) {
    test(`raises one alarm ${name} once its time is over, and traffic stays`, () => {
      const rollout = known(aRollout(phase))
      expect(kinds(look(rollout, appAt(10), at(T0 + 30 * MINUTE - 1)))).toEqual([])
      const alarm = look(rollout, appAt(10), at(T0 + 30 * MINUTE))
      expect(alarm.rows).toMatchObject([
        { kind: 'deadline-passed', notes: 'the KPIs could not be read for 30m: p95 is error' },
      ])
      expect([phaseOf(alarm.next), alarm.actions]).toEqual([phaseOf(rollout), []])
      expect(kinds(look(alarm.next, appAt(10), at(T0 + 45 * MINUTE)))).toEqual([])
    })
  }

  test('raises another alarm when it falls silent again, and none twice for a source that stutters', () => {
    const alarm = look(known(aRollout()), appAt(10), at(T0 + 30 * MINUTE))
    const dark = look(alarm.next, appAt(10), { now: T0 + 31 * MINUTE, verdict: aVerdict('nodata'), blindSince: T0 })
    expect(kinds(look(dark.next, appAt(10), at(T0 + 32 * MINUTE)))).toEqual([])
    // While what was missed is taken in nobody can say that it is back.
    const behind = { now: T0 + 31 * MINUTE, verdict: aVerdict('inconclusive'), isBehind: true }
    const still = look(alarm.next, appAt(10), behind)
    expect(kinds(still)).toEqual([])
    expect(kinds(look(still.next, appAt(10), at(T0 + 32 * MINUTE)))).toEqual([])
    const back = look(alarm.next, appAt(10), { now: T0 + 31 * MINUTE, verdict: aVerdict('inconclusive') })
    const again = look(back.next, appAt(10), { ...at(T0 + 32 * MINUTE), blindSince: T0 + 32 * MINUTE })
    expect(kinds(again)).toEqual(['measurements-lost'])
    const later = look(again.next, appAt(10), { ...at(T0 + HOUR + 2 * MINUTE), blindSince: T0 + 32 * MINUTE })
    expect(kinds(later)).toEqual(['deadline-passed'])
  })

  test('that answers again repeats no alarm of a weight that is not real', () => {
    const stuck = aRollout(progressing(1, null), { verdict: error, overdue: true, footprint: null })
    const now = T0 + HOUR
    expect(kinds(look(stuck, appAt(10), { now, verdict: aVerdict('inconclusive') }))).toEqual(['measurements-back'])
    const unseen = look({ ...known(aRollout()), overdue: true }, null, { now, verdict: aVerdict('inconclusive') })
    expect(unseen.next.overdue).toBe(true)
  })

  test('ends the rollout where the manifest says so, and not before', () => {
    const rollout = known(judged(blindAbort))
    expect(phaseOf(look(rollout, appAt(10), at(T0 + 30 * MINUTE - 1)).next)).toBe('progressing 0')
    const ended = look(rollout, appAt(10), at(T0 + 30 * MINUTE))
    expect(phaseOf(ended.next)).toBe('rolling-back aborted')
    expect(asked(ended.actions)).toEqual({ [STABLE]: 100 })
    expect(ended.rows[0]).toMatchObject({ kind: 'rollback-started', evidence: error.evidence })
  })

  test('ends nothing while foreign hands hold the rollout', () => {
    const rollout = known(judged(blindAbort, paused('foreign-edit')))
    expect(phaseOf(look(rollout, appAt(10), at(T0 + HOUR)).next)).toBe('paused foreign-edit')
  })

  test('ends the rollout as well where another KPI is suspect meanwhile', () => {
    const decision = look(known(judged(blindAbort)), appAt(10), at(T0 + 45 * MINUTE, aVerdict('suspect')))
    expect(phaseOf(decision.next)).toBe('rolling-back aborted')
  })

  for (const kind of ['pass', 'inconclusive', 'nodata'] as const) {
    test(`is no reason to end anything when the verdict is ${kind}`, () => {
      const decision = look(known(judged(blindAbort)), appAt(10), at(T0 + 45 * MINUTE, aVerdict(kind)))
      expect(phaseOf(decision.next)).toBe('progressing 0')
    })
  }

  test('of which nobody knows since when ends nothing', () => {
    const decision = look(known(judged(blindAbort)), appAt(10), { now: T0 + HOUR, verdict: error })
    expect(phaseOf(decision.next)).toBe('progressing 0')
  })

  test('keeps nobody from promoting by hand', () => {
    const decision = look(known(aRollout()), appAt(10), at(T0 + 45 * MINUTE), aCommand('promote'))
    expect(decision.answer?.kind).toBe('done')
  })
})

describe('measurements', () => {
  const pass = aVerdict('pass')
  for (const kind of ['error', 'nodata'] as const) {
    test(`that are lost (${kind}) are written down once, and so is their return`, () => {
      const gone = look(aRollout(progressing(0), { verdict: pass }), appAt(10), { verdict: aVerdict(kind) })
      expect(gone.rows).toMatchObject([
        { kind: 'measurements-lost', metric: 'p95', notes: `traffic stays as it is: p95 is ${kind}` },
      ])
      expect(kinds(look(gone.next, appAt(10), { verdict: aVerdict(kind) }))).toEqual([])
      const back = look(gone.next, appAt(10), { verdict: pass })
      expect(back.rows).toMatchObject([{ kind: 'measurements-back', metric: 'p95' }])
    })
  }
  test('that are not there from the first look on are as lost as later ones', () => {
    const first = look(aRollout(progressing(0), { verdict: null }), appAt(10), { verdict: aVerdict('error') })
    expect(first.rows).toMatchObject([{ kind: 'measurements-lost', metric: 'p95' }])
    const seen = look(aRollout(progressing(0), { verdict: null }), appAt(10), { verdict: aVerdict('inconclusive') })
    expect(kinds(seen)).toEqual([])
  })

  const alone = (silent: string, kind: 'pass' | 'inconclusive' | 'suspect' | 'fail' = 'inconclusive') =>
    aVerdict(kind, [someEvidence(kind, { silent })])
  const toldOf = (before: Verdict, verdict: Verdict) =>
    look(aRollout(progressing(0), { verdict: before }), appAt(10), { verdict }).rows.flatMap((row) =>
      row.kind === 'measurements-lost' ? [`${row.metric}: ${row.notes}`] : [],
    )

  test('that are missing of the stable revision alone do not keep the traffic as it is: the row says what they do', () => {
    const words =
      'p95: p95 is judged by its limit alone, with no stable revision to compare with, and a step may wait for that: no series'
    expect(toldOf(pass, alone('no series', 'pass'))).toEqual([words])
    expect(toldOf(pass, alone('no series'))).toEqual([words])
    expect(toldOf(alone('no series'), alone('no series', 'pass'))).toEqual([])
  })

  test('that keep the traffic as it is and then do not are told of again, and the other way round', () => {
    const held = aVerdict('error', [someEvidence('error', { silent: 'it is down' })])
    expect(toldOf(held, alone('it is down'))).toEqual([
      'p95: p95 is judged by its limit alone, with no stable revision to compare with, and a step may wait for that: it is down',
    ])
    expect(toldOf(alone('it is down'), held)).toEqual(['p95: traffic stays as it is: p95 is error'])
    expect(toldOf(held, held)).toEqual([])
  })

  test('that keep the traffic as it is are named before those that do not', () => {
    const both = aVerdict('error', [
      someEvidence('inconclusive', { kpi: 'errors', silent: 'no series' }),
      someEvidence('error', { silent: 'it is down' }),
    ])
    expect(toldOf(pass, both)).toEqual(['p95: traffic stays as it is: p95 is error'])
  })

  test('beside a failure, or of a guard, keep no traffic where it is', () => {
    expect(toldOf(pass, alone('it is down', 'fail'))).toEqual(['p95: p95 cannot be read as it should: it is down'])
    const guard = aVerdict('pass', [someEvidence('pass'), someEvidence('nodata', { kpi: 'queue', role: 'guard' })])
    expect(toldOf(pass, guard)).toEqual(['queue: queue cannot be read as it should: p95 is nodata'])
    expect(toldOf(pass, alone('it is down', 'suspect'))).toEqual(['p95: traffic stays as it is: p95 is suspect'])
  })

  test('of an advisory KPI may come and go unsaid', () => {
    const silent = aVerdict('pass', [someEvidence('pass'), someEvidence('error', { kpi: 'queue', role: 'advisory' })])
    expect(kinds(look(aRollout(progressing(0), { verdict: pass }), appAt(10), { verdict: silent }))).toEqual([])
  })
  for (const kind of ['inconclusive', 'suspect'] as const) {
    test(`that are there and say ${kind} are not lost`, () => {
      const decision = look(aRollout(progressing(0), { verdict: pass }), appAt(10), { verdict: aVerdict(kind) })
      expect(kinds(decision)).toEqual([])
    })
  }
})

describe('promote-never', () => {
  const never = { onInconclusive: { afterMs: HOUR, then: 'promote-never' } } as const
  const held = judged(never, paused('inconclusive'))

  for (const verb of ['promote', 'promote-full'] as const) {
    for (const kind of UNCLEAR) {
      test(`refuses ${verb} of a step that is ${kind}, and says why`, () => {
        const decision = look(held, appAt(10), { now: BAKED + HOUR, verdict: aVerdict(kind) }, aCommand(verb))
        expect(decision.answer).toMatchObject({ kind: 'refused', because: expect.stringContaining('promote-never') })
        expect(decision.actions).toEqual([])
      })
    }
    test(`refuses ${verb} while nothing is known`, () => {
      expect(look(held, appAt(10), { now: BAKED + HOUR }, aCommand(verb)).answer?.kind).toBe('refused')
    })
    test(`allows ${verb} once the step passes`, () => {
      const decision = look(held, appAt(10), { now: BAKED + HOUR, verdict: aVerdict('pass') }, aCommand(verb))
      expect(decision.answer?.kind).toBe('done')
    })
  }

  test('is not got round by resume', () => {
    const at = { now: BAKED + HOUR, verdict: aVerdict('inconclusive') }
    const resumed = look(held, appAt(10), at, aCommand('resume'))
    expect([resumed.answer?.kind, phaseOf(resumed.next)]).toEqual(['done', 'progressing 0'])
    const promoted = look(resumed.next, appAt(10), { ...at, now: at.now + MINUTE }, aCommand('promote'))
    expect(promoted.answer?.kind).toBe('refused')
  })

  test('is not got round by a clock that went back', () => {
    const at = { now: T0 + MINUTE, verdict: aVerdict('inconclusive') }
    expect(look(held, appAt(10), at, aCommand('promote')).answer?.kind).toBe('refused')
  })

  test('holds at the last step too', () => {
    const rollout = judged(never, progressing(2))
    const decision = look(rollout, appAt(100), { now: BAKED, verdict: aVerdict('suspect') }, aCommand('promote'))
    expect(decision.answer?.kind).toBe('refused')
  })

  test('opens a gate only while the step still passes', () => {
    const gate = judged(never, paused('gate'))
    const open = (kind: VerdictKind) =>
      look(gate, appAt(10), { now: BAKED + HOUR, verdict: aVerdict(kind) }, aCommand('promote')).answer?.kind
    expect([open('pass'), open('suspect'), open('nodata')]).toEqual(['done', 'refused', 'refused'])
  })

  test('leaves it to a person to go on while the bake is not over', () => {
    const at = { now: T0 + MINUTE, verdict: aVerdict('inconclusive') }
    expect(look(judged(never), appAt(10), at, aCommand('promote')).answer?.kind).toBe('done')
  })

  for (const verb of ['abort', 'resume'] as const) {
    test(`allows ${verb}`, () => {
      const at = { now: BAKED + HOUR, verdict: aVerdict('inconclusive') }
      expect(look(held, appAt(10), at, aCommand(verb)).answer?.kind).toBe('done')
    })
  }

  test('is what wait and abort do not do: there a person may promote what is not clear', () => {
    const at = { now: BAKED + HOUR, verdict: aVerdict('suspect') }
    for (const then of ['wait', 'abort'] as const) {
      const rollout = judged({ onInconclusive: { afterMs: HOUR, then } }, paused('inconclusive'))
      expect(look(rollout, appAt(10), at, aCommand('promote')).answer?.kind).toBe('done')
    }
  })
})
