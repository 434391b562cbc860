import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSteps, type StepWritten, toStages } from '../../lib/schema/manifest-stages.ts'

const plan = (...steps: StepWritten[]): string =>
  toStages(steps)
    .map(({ weight, bakeMs, gate }) => `${weight}${bakeMs > 0 ? `+${bakeMs}` : ''}${gate ? '!' : ''}`)
    .join(' ')

describe('steps become stages', () => {
  it.each<[string, StepWritten[], string]>([
    ['a weight opens a stage and 100 is added', [{ setWeight: 10 }], '10 100'],
    ['a last 100 is not doubled', [{ setWeight: 10 }, { setWeight: 100 }], '10 100'],
    ['bakes add up', [{ setWeight: 10 }, { bake: 5 }, { bake: 7 }], '10+12 100'],
    ['a pause is the gate of its stage', [{ setWeight: 10 }, { bake: 5 }, { pause: {} }], '10+5! 100'],
    [
      'a bake after a gate opens a stage of the same weight',
      [{ setWeight: 10 }, { pause: {} }, { bake: 5 }],
      '10! 10+5 100',
    ],
    ['one item may hold all three, in any order of keys', [{ pause: {}, bake: 5, setWeight: 10 }], '10+5! 100'],
    ['100 may bake and wait as well', [{ setWeight: 100, bake: 5, pause: {} }], '100+5!'],
  ])('%s', (_, steps, wanted) => {
    expect(checkSteps(steps)).toEqual([])
    expect(plan(...steps)).toBe(wanted)
  })

  it.each<[string, StepWritten[], (string | number)[][]]>([
    ['a bake before the first weight', [{ bake: 5 }, { setWeight: 10 }], [[0, 'bake']]],
    ['a pause before the first weight', [{ pause: {} }, { setWeight: 10 }], [[0, 'pause']]],
    ['a weight that falls', [{ setWeight: 10 }, { setWeight: 5 }], [[1, 'setWeight']]],
    ['a weight that stays', [{ setWeight: 10 }, { pause: {} }, { setWeight: 10 }], [[2, 'setWeight']]],
    ['two pauses in a row', [{ setWeight: 10, pause: {} }, { pause: {} }], [[1, 'pause']]],
    ['a weight after 100', [{ setWeight: 100 }, { setWeight: 10 }], [[1, 'setWeight']]],
    ['bakes beyond a year', [{ setWeight: 10, bake: 3e10 }, { bake: 3e10 }], [[1, 'bake']]],
    ['nothing because of a weight that is none', [{ setWeight: '10%' }, { bake: 5 }, { setWeight: 20 }], []],
  ])('%s is told', (_, steps, wanted) => {
    expect(checkSteps(steps).map(({ path }) => path)).toEqual(wanted)
  })

  it('always gives weights that never fall and end with 100, whenever nothing was wrong', () => {
    const step = fc.record(
      { setWeight: fc.integer({ min: 1, max: 100 }), bake: fc.integer({ min: 0, max: 1e9 }), pause: fc.constant({}) },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        fc.pre(checkSteps(steps).length === 0)
        const stages = toStages(steps)
        const isRising = stages.every(({ weight }, i) => {
          const before = stages[i - 1]
          return before === undefined || before.weight < weight || (before.weight === weight && before.gate)
        })
        const baked = stages.reduce((sum, stage) => sum + stage.bakeMs, 0)
        return (
          isRising && stages.at(-1)?.weight === 100 && baked === steps.reduce((sum, one) => sum + (one.bake ?? 0), 0)
        )
      }),
    )
  })
})
