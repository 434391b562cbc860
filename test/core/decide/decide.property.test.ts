import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { bakeEnds } from '../../../lib/core/ask.ts'
import { decide } from '../../../lib/core/decide/decide.ts'
import { wantedWeight } from '../../../lib/core/traffic.ts'
import { CANARY, HOUR } from '../../support/builders.ts'
import { PATIENCE_MS, runs } from '../../support/runs.ts'
import { asked, phaseOf } from './support.ts'
import { life, live, PLAN, type Step, temper } from './walks.ts'

const RUNS = runs(250)
vi.setConfig({ testTimeout: PATIENCE_MS })

/** The canary's weight that a step asks Azure for; null where it asks for none. */
function askedOf({ decision }: Step): number | null {
  const weights = asked(decision.actions)
  return weights === null ? null : (weights[CANARY] ?? 0)
}

/** Holds a sentence against every step of very many lives. */
function always(holds: (step: Step) => void, runs = RUNS): void {
  fc.assert(
    fc.property(life, temper, (happenings, tempered) => live(happenings, tempered).forEach(holds)),
    runs,
  )
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(freeze)
  }
  return value
}

describe('decide, whatever happens', () => {
  test('writes only traffic that totals 100 in whole numbers, names revisions, and gives the canary no more than its step', () => {
    always((step) => {
      for (const action of step.decision.actions) {
        if (action.kind !== 'set-traffic' && action.kind !== 'repair') continue
        expect(action.traffic.reduce((sum, entry) => sum + entry.weight, 0)).toBe(100)
        for (const entry of action.traffic) {
          expect(entry.revision).not.toBeNull()
          expect(Number.isInteger(entry.weight) && entry.weight >= 0 && entry.weight <= 100).toBe(true)
        }
        expect(askedOf(step)).toBeLessThanOrEqual(wantedWeight(step.decision.next) ?? -1)
      }
    })
  })

  test('gives the canary only weights of the plan', () => {
    always((step) => {
      const weight = askedOf(step)
      if (weight !== null) expect([0, ...PLAN.stages.map((stage) => stage.weight)]).toContain(weight)
    })
  })

  test('does at most one deed at a time', () => {
    always(({ decision }) => expect(decision.actions.length).toBeLessThanOrEqual(1))
  })

  test('never raises the canary again once it is to be rolled back', () => {
    fc.assert(
      fc.property(life, (happenings) => {
        let lost = false
        for (const step of live(happenings)) {
          lost ||= step.before.phase.kind === 'rolling-back'
          if (!lost) continue
          expect(['rolling-back', 'finished']).toContain(step.decision.next.phase.kind)
          expect(phaseOf(step.decision.next)).not.toBe('finished promoted')
          expect(askedOf(step) ?? 0).toBe(0)
        }
      }),
      RUNS,
    )
  })

  test('raises the wish by one step at a time, and only on a pass of that very step or by a person', () => {
    always(({ before, facts, command, decision }) => {
      const from = before.phase
      const to = decision.next.phase
      if (to.kind !== 'progressing' || decision.answer?.kind === 'refused') return
      const stage = from.kind === 'progressing' || from.kind === 'paused' ? from.stage : -1
      if (to.stage <= stage) return
      if (command?.verb === 'promote-full') return
      expect(to.stage).toBe(stage + 1)
      if (stage < 0 || command?.verb === 'promote') return
      expect(facts.verdict?.kind).toBe('pass')
      const steadyAt = 'steadyAt' in from ? from.steadyAt : null
      expect(facts.verdict?.evidence.every((item) => item.from >= (steadyAt ?? facts.now))).toBe(true)
    })
  })

  test('never begins a later step while the verdict is fail, whoever asks', () => {
    always(({ before, facts, decision }) => {
      const to = decision.next.phase
      if (facts.verdict?.kind !== 'fail' || to.kind !== 'progressing') return
      const from = before.phase
      expect(to.stage).toBeLessThanOrEqual('stage' in from ? Math.max(from.stage, 0) : 0)
    })
  })

  test('lets nobody promote an unclear step whose bake is over where the manifest says promote-never', () => {
    const never = { onInconclusive: { afterMs: HOUR, then: 'promote-never' } } as const
    let refused = 0
    fc.assert(
      fc.property(life, (happenings) => {
        for (const { before, facts, command, decision } of live(happenings, never)) {
          const isOver = facts.now >= bakeEnds(before) && facts.verdict?.kind !== 'pass'
          if (!isOver || (command?.verb !== 'promote' && command?.verb !== 'promote-full')) continue
          expect(decision.answer?.kind).toBe('refused')
          refused += 1
        }
      }),
      RUNS,
    )
    expect(refused).toBeGreaterThan(0)
  })

  test('ends nothing because of figures that are unclear or missing, unless the manifest says abort', () => {
    const wait = { onInconclusive: { afterMs: HOUR, then: 'wait' }, onBlind: { afterMs: HOUR, then: 'wait' } } as const
    fc.assert(
      fc.property(life, (happenings) => {
        for (const { before, facts, command, decision } of live(happenings, wait)) {
          const ends = decision.next.phase.kind === 'rolling-back' && before.phase.kind === 'progressing'
          if (!ends || command?.verb === 'abort' || decision.next.phase.kind !== 'rolling-back') continue
          const isSick = /is not healthy|restarted/.test(decision.next.phase.because)
          if (!isSick) expect(facts.verdict?.kind).toBe('fail')
        }
      }),
      RUNS,
    )
  })

  test('does nothing while foreign hands or a fault hold the rollout', () => {
    always(({ decision }) => {
      const { phase } = decision.next
      if (phase.kind === 'paused' && (phase.why === 'foreign-edit' || phase.why === 'fault'))
        expect(decision.actions).toEqual([])
    })
  })

  test('does nothing while the app cannot be seen', () => {
    always(({ facts, decision }) => {
      if (facts.app.kind === 'unseen') expect(decision.actions).toEqual([])
    })
  })

  test('writes down every change of phase', () => {
    always(({ before, decision }) => {
      if (decision.next.phase.kind !== before.phase.kind) expect(decision.rows.length).toBeGreaterThan(0)
    })
  })

  test('changes nothing that it was given, and says the same when asked again', () => {
    always(({ before, facts, command, decision }) => {
      expect(decide(freeze(structuredClone(before)), freeze(structuredClone(facts)), command)).toEqual(decision)
    })
  })

  test('adds no weight when it decides again on its own output', () => {
    always(({ facts, decision }) => {
      const again = decide(decision.next, facts, null).next
      if (again.phase.kind === 'progressing' && decision.next.phase.kind === 'progressing') {
        expect(again.phase.stage).toBe(decision.next.phase.stage)
      }
      expect(wantedWeight(again) ?? 0).toBeLessThanOrEqual(wantedWeight(decision.next) ?? 100)
    })
  })

  test('wants to be looked at again until it has finished, and never later than its interval', () => {
    always(({ facts, decision }) => {
      const { wakeAt, phase } = decision.next
      if (wakeAt === null) expect(phase.kind).toBe('finished')
      else {
        expect(wakeAt).toBeGreaterThan(facts.now)
        expect(wakeAt).toBeLessThanOrEqual(facts.now + PLAN.analysis.intervalMs)
      }
    })
  })

  test('is tried in every phase and with every deed', () => {
    const met = new Set<string>()
    always(({ decision }) => {
      met.add(decision.next.phase.kind)
      if (decision.next.phase.kind === 'finished') met.add(decision.next.phase.outcome)
      for (const action of decision.actions) met.add(action.kind)
    }, runs(1000))
    const phases = [
      'preparing',
      'provisioning',
      'progressing',
      'paused',
      'rolling-back',
      'promoted',
      'rolled-back',
      'aborted',
      'failed',
      'refused',
    ]
    const deeds = ['create-revision', 'set-traffic', 'activate', 'deactivate', 'wake', 'repair']
    expect([...phases, ...deeds].filter((name) => !met.has(name))).toEqual([])
  })
})
