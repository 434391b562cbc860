import { describe, expect, it } from 'vitest'
import { type ArmBudget, type ArmLane, admit, fullBudget, refused } from '../../lib/core/arm-budget.ts'

const T0 = Date.UTC(2026, 0, 5, 12)

/** How many calls pass at one moment, and the budget after them. */
function drain(budget: ArmBudget, lane: ArmLane, urgent: boolean, now: number) {
  let left = budget
  for (let passed = 0; ; passed++) {
    const asked = admit(left, lane, urgent, now)
    left = asked.budget
    if (asked.waitMs > 0) return { passed, left, waitMs: asked.waitMs, because: asked.because }
  }
}

describe('the budget of a subscription', () => {
  it.each([
    ['reads', 200, 50, 40, 25],
    ['writes', 160, 40, 100, 10],
  ] as const)('keeps a fifth of the %s for rollbacks', (lane, ordinary, kept, waitMs, perSecond) => {
    const first = drain(fullBudget(T0), lane, false, T0)
    expect(first).toMatchObject({ passed: ordinary, waitMs })
    expect(first.because).toBe(`the ${lane} of this subscription are used up but for those that are kept for rollbacks`)
    const second = drain(first.left, lane, true, T0)
    expect(second).toMatchObject({ passed: kept, waitMs })
    expect(drain(second.left, lane, true, T0 + 1000).passed).toBe(perSecond)
    expect(drain(second.left, lane, false, T0 + 1000).passed).toBe(0)
    expect(drain(second.left, lane, false, T0 + 86_400_000).passed).toBe(ordinary)
  })

  it('counts reads and writes apart', () => {
    const { left } = drain(fullBudget(T0), 'reads', true, T0)
    expect(drain(left, 'writes', false, T0).passed).toBe(160)
  })

  it('gains nothing from a clock that goes back', () => {
    const { left } = drain(fullBudget(T0), 'writes', true, T0)
    expect(drain(left, 'writes', true, T0 - 60_000).passed).toBe(0)
  })

  it('lets ordinary calls rest after a 429, and urgent ones go on', () => {
    const asked = refused(fullBudget(T0), 20_000, T0)
    expect(admit(asked, 'reads', false, T0)).toMatchObject({ waitMs: 20_000, budget: asked })
    expect(admit(asked, 'writes', false, T0 + 19_999).waitMs).toBe(1)
    expect(admit(asked, 'reads', false, T0 + 19_999).because).toContain('wants a rest')
    expect(admit(asked, 'reads', false, T0 + 20_000)).toMatchObject({ waitMs: 0, because: '' })
    expect(admit(asked, 'reads', true, T0).waitMs).toBe(0)
  })

  it('rests 5 s where no wait is asked for, and 5 min at most', () => {
    expect(refused(fullBudget(T0), null, T0).restsUntil).toBe(T0 + 5_000)
    expect(refused(fullBudget(T0), 86_400_000, T0).restsUntil).toBe(T0 + 300_000)
  })

  it('ends a rest at the later of two, unless a clock that went back had set it', () => {
    const long = refused(fullBudget(T0), 300_000, T0)
    expect(refused(long, 1_000, T0).restsUntil).toBe(T0 + 300_000)
    expect(refused(long, 1_000, T0 - 1).restsUntil).toBe(T0 + 999)
    expect(admit(long, 'reads', false, T0 - 1).waitMs).toBe(0)
  })
})
