import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { gateOf } from '../../../lib/core/approval.ts'
import { allowedVerbs } from '../../../lib/core/decide/allowed.ts'
import { decide, isHurried } from '../../../lib/core/decide/decide.ts'
import { obey } from '../../../lib/core/decide/obey.ts'
import { VERBS } from '../../../lib/core/facts.ts'
import type { Rollout } from '../../../lib/core/rollout.ts'
import { wantedWeight, weightsSeen } from '../../../lib/core/traffic.ts'
import { aCommand, facts, HOUR, T0 } from '../../support/builders.ts'
import { PATIENCE_MS, runs } from '../../support/runs.ts'
import { asked } from './support.ts'
import { governed, type Happening, life, live, type Step, temper } from './walks.ts'

vi.setConfig({ testTimeout: PATIENCE_MS })
const RUNS = runs(500)
const rules = fc.array(governed, { minLength: 30, maxLength: 30 })

/** `refused`: every other deed is refused by Azure, so that what was wished for becomes real later. */
function always(holds: (steps: readonly Step[]) => void, refused = false): void {
  const meets = (all: readonly Happening[]) =>
    all.map((one, index) => (refused && index % 2 === 1 ? { ...one, weights: 'as before' as const } : one))
  fc.assert(
    fc.property(life, temper, rules, (happenings, tempered, rule) => holds(live(meets(happenings), tempered, rule))),
    RUNS,
  )
}

function stageOf({ phase }: Rollout): number {
  return 'stage' in phase ? phase.stage : -1
}

const isBroken = ({ decision }: Step) => decision.rows.some(({ kind }) => kind === 'break-glass')
const isKept = ({ decision }: Step) => decision.answer?.kind !== 'refused'

describe('governance, whatever happens', () => {
  test('lets the weight rise past a gate only with enough approvals of different people who are not the author, none lapsed', () => {
    let opened = 0
    always((steps) => {
      let given = new Map<string, number>()
      for (const step of steps.filter(isKept)) {
        const { before, decision, facts: seen } = step
        const stage = stageOf(before)
        const isWaiting = before.phase.kind === 'paused' && before.phase.why === 'gate'
        if (!isWaiting) given = new Map()
        for (const row of decision.rows) if (row.kind === 'approved') given.set(row.actor, seen.now)
        const to = decision.next.phase
        const passed =
          to.kind === 'progressing' ? to.stage : to.kind === 'finished' && to.outcome === 'promoted' ? 4 : -1
        const isPast = before.manifest.stages.some(
          ({ gate }, index) => gate && stage <= index && index < passed && stage >= 0,
        )
        if (!isPast || isBroken(step)) continue
        expect(isWaiting).toBe(true)
        const good = [...given].filter(([who, at]) => who !== 'author' && seen.now < at + HOUR)
        expect(good.length).toBeGreaterThanOrEqual(2)
        opened += 1
      }
    })
    // Some twenty: that there are any must not hang on luck.
    expect(opened).toBeGreaterThan(2)
  })

  test('begins nothing and goes no step further while a freeze holds, but with a broken glass', () => {
    let held = 0
    always((steps) => {
      for (const step of steps.filter(isKept)) {
        const { before, decision, facts: seen } = step
        if (seen.freeze === null || before.unfrozen.length > 0 || isBroken(step)) continue
        expect(stageOf(decision.next)).toBeLessThanOrEqual(stageOf(before))
        if (before.phase.kind === 'preparing') expect(decision.next.phase.kind).not.toBe('provisioning')
        const isOver = before.phase.kind === 'finished' || wantedWeight(before) === null
        if (!isOver && decision.next.phase.kind !== 'finished')
          expect(wantedWeight(decision.next) ?? 0).toBeLessThanOrEqual(wantedWeight(before) ?? 0)
        held += 1
      }
    })
    expect(held).toBeGreaterThan(50)
  })

  test('raises the canary above what is seen by no deed while a freeze holds or was not read, but with a broken glass', () => {
    let kept = 0
    always((steps) => {
      for (const step of steps.filter(isKept)) {
        const { before, decision, facts: seen } = step
        const isWatched = decision.next.phase.kind === 'finished'
        if (seen.freeze === null || seen.app.kind === 'unseen' || before.unfrozen.length > 0) continue
        if (isBroken(step) || isWatched) continue
        const { canary } = decision.next
        const wished = asked(decision.actions)?.[canary] ?? 0
        const shown = weightsSeen(seen.app.app)[canary] ?? 0
        expect(wished).toBeLessThanOrEqual(shown)
        if ((wantedWeight(decision.next) ?? 0) > shown) kept += 1
      }
    }, true)
    expect(kept).toBeGreaterThan(2)
  })

  test('goes on by no command that only stops, and thaws nothing by it', () => {
    let stopped = 0
    always((steps) => {
      for (const { before, decision, command } of steps) {
        if (decision.answer?.kind !== 'done' || !isHurried(command)) continue
        const kinds = decision.rows.map(({ kind }) => kind)
        for (const kind of ['step-started', 'freeze-over', 'freeze-held', 'revision-requested'])
          expect(kinds).not.toContain(kind)
        expect(stageOf(decision.next)).toBeLessThanOrEqual(stageOf(before))
        stopped += 1
      }
    })
    expect(stopped).toBeGreaterThan(50)
  })

  test('goes one step past a freeze for each broken glass, and no further', () => {
    always((steps) => {
      for (const step of steps.filter(isKept)) {
        const { before, decision, facts: seen } = step
        if (seen.freeze === null || decision.next.phase.kind !== 'progressing') continue
        const command = step.command?.verb === 'promote-full' ? 4 : 1
        expect(stageOf(decision.next)).toBeLessThanOrEqual(stageOf(before) + command)
        if (stageOf(decision.next) > stageOf(before) && !isBroken(step)) expect(before.phase.kind).toBe('provisioning')
      }
    })
  })

  test('writes down, before a broken glass, nothing of its deed, and never goes past a failing KPI', () => {
    always((steps) => {
      for (const step of steps.filter(isBroken)) {
        const kinds = step.decision.rows.map(({ kind }) => kind)
        const deeds = ['approved', 'promoted-by-hand', 'step-started', 'finished']
        const first = kinds.findIndex((kind) => deeds.includes(kind))
        if (first >= 0) expect(kinds.indexOf('break-glass')).toBeLessThan(first)
        expect(step.facts.verdict?.kind).not.toBe('fail')
      }
    })
  })

  test('always lets somebody abort, in any state and under any freeze', () => {
    always((steps) => {
      for (const { before, facts: seen } of steps) {
        const { answer, next } = decide(before, seen, aCommand('abort'))
        if (before.phase.kind === 'finished') continue
        expect(answer?.kind).toBe('done')
        expect(['rolling-back', 'finished']).toContain(next.phase.kind)
        expect(wantedWeight(next)).toBe(0)
      }
    })
  })

  test('writes down a freeze once for each time that it holds, and its end', () => {
    always((steps) => {
      let open = false
      for (const { before, decision } of steps.filter(isKept)) {
        if (before.frozen === null) open = false
        for (const { kind } of decision.rows) {
          if (kind === 'freeze-held') expect(open).toBe(false)
          if (kind === 'freeze-over') expect(open).toBe(true)
          if (kind === 'freeze-held') open = true
          if (kind === 'freeze-over') open = false
        }
        if (decision.next.frozen === null) open = false
      }
    })
  })

  test('tells the commands that the rollout’s state allows, and no other', () => {
    const met = new Set<string>()
    always((steps) => {
      for (const { before, facts: seen } of steps) {
        const now = Math.max(seen.now, T0)
        const freeze = seen.freeze === 'unread' ? null : seen.freeze
        const said = allowedVerbs(before, freeze, now)
        const step = gateOf(before, now)?.step ?? null
        for (const verb of VERBS.filter((one) => one !== 'retry' && one !== 'undo')) {
          const command = aCommand(verb, { actorId: 'somebody', step, digest: before.push.digest })
          const move = { rollout: before, rows: [] }
          const obeyed = obey(move, facts(null, { now, verdict: before.verdict, freeze }), command)
          expect([verb, said.includes(verb)]).toEqual([verb, obeyed.kind === 'done' && obeyed.move !== move])
          met.add(`${verb} ${obeyed.kind}`)
        }
        const { phase } = before
        const isOver = phase.kind === 'finished'
        expect(said.includes('retry')).toBe(isOver && phase.outcome !== 'promoted' && phase.outcome !== 'unchanged')
        expect(said.includes('undo')).toBe(before.stable !== null)
      }
    })
    for (const verb of ['promote', 'approve', 'pause', 'resume', 'abort'])
      for (const kind of ['done', 'refused']) expect(met).toContain(`${verb} ${kind}`)
  })
})
