import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judge } from '../../../lib/core/judge/judge.ts'
import type { Query, Reading, Verdict, VerdictKind, Window } from '../../../lib/core/judge/verdict.ts'
import { aQuery, errors, latency, measured } from '../../support/builders.ts'

const BADNESS: Readonly<Record<VerdictKind, number>> = { pass: 0, inconclusive: 1, fail: 2 }

const figure = fc.oneof(fc.double(), fc.integer({ min: -5, max: 500 }), fc.constant(Number.NaN))
const kpi = fc.oneof(
  fc.double({ min: 50, max: 99.99, noNaN: true }).map((percentile) => latency({ percentile })),
  fc.double({ min: 0, max: 1, noNaN: true }).map((limitRatio) => errors({ limitRatio })),
)
const check = fc
  .tuple(kpi, fc.constantFrom<Window>('fast', 'full'), fc.nat(3))
  .map(([of, window, n]): Query => aQuery({ id: `q${n}`, kpi: of, window }))
const reading = fc.oneof(
  fc
    .tuple(fc.nat(3), figure, figure, figure)
    .map(([n, bad, total, value]): Reading => measured(bad, total, { id: `q${n}`, value })),
  fc.nat(3).map((n): Reading => ({ id: `q${n}`, kind: 'missing', why: 'down', query: '' })),
)

describe('judge, whatever it is given', () => {
  test('never passes on missing, NaN or too few measurements', () => {
    fc.assert(
      fc.property(
        fc.array(check, { maxLength: 4 }),
        fc.array(reading, { maxLength: 6 }),
        fc.nat(100),
        (checks, readings, min) => {
          const verdict = judge(checks, readings, min)
          if (verdict.kind !== 'pass') return
          expect(checks.length).toBeGreaterThan(0)
          for (const item of verdict.evidence) {
            expect(Number.isFinite(item.bad)).toBe(true)
            expect(Number.isFinite(item.value)).toBe(true)
            expect(item.total ?? 0).toBeGreaterThanOrEqual(Math.max(1, min))
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('never fails on too few measurements', () => {
    fc.assert(
      fc.property(check, fc.nat(100), fc.nat(100), fc.nat(99), (of, total, bad, min) => {
        const { kind } = judge([of], [measured(Math.min(bad, total), total, { id: of.id })], min)
        if (total < min) expect(kind).toBe('inconclusive')
      }),
      { numRuns: 1000 },
    )
  })

  test('never thinks better of a canary because one more of its requests was bad', () => {
    const counts = fc.tuple(fc.nat(2000), fc.nat(2000)).filter(([bad, total]) => bad < total)
    fc.assert(
      fc.property(check, counts, fc.nat(100), (of, [bad, total], min) => {
        const kindAt = (n: number): Verdict => judge([of], [measured(n, total, { id: of.id })], min)
        expect(BADNESS[kindAt(bad + 1).kind]).toBeGreaterThanOrEqual(BADNESS[kindAt(bad).kind])
      }),
      { numRuns: 1000 },
    )
  })

  test('never thinks better of a canary because bad requests came on top of enough others', () => {
    const counts = fc.tuple(fc.nat(2000), fc.integer({ min: 100, max: 2000 })).filter(([bad, total]) => bad <= total)
    fc.assert(
      fc.property(check, counts, fc.nat(100), fc.integer({ min: 1, max: 50 }), (of, [bad, total], min, more) => {
        const before = judge([of], [measured(bad, total, { id: of.id })], min)
        const after = judge([of], [measured(bad + more, total + more, { id: of.id })], min)
        expect(BADNESS[after.kind]).toBeGreaterThanOrEqual(BADNESS[before.kind])
      }),
      { numRuns: 1000 },
    )
  })

  test('says the worst of its evidence', () => {
    fc.assert(
      fc.property(
        fc.array(check, { minLength: 1, maxLength: 4 }),
        fc.array(reading, { maxLength: 6 }),
        (checks, readings) => {
          const { kind, evidence } = judge(checks, readings, 50)
          expect(BADNESS[kind]).toBe(Math.max(...evidence.map((item) => BADNESS[item.verdict])))
        },
      ),
    )
  })
})
