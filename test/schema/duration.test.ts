import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { duration, readDuration, share } from '../../lib/schema/duration.ts'

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['48h', 172_800_000],
    ['7d', 604_800_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1m500ms', 60_500],
    ['0s', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(readDuration(text)).toBe(ms)
  })

  it.each(['', '5', '5x', '-5m', '1.5h', '5 m', '30m1h', '5M', '1h1h', 'PT5M', '5m\n'])('%j is none', (text) => {
    expect(readDuration(text)).toBeNull()
  })

  it('always reads back what its parts add up to', () => {
    const part = fc.nat({ max: 99 })
    fc.assert(
      fc.property(part, part, part, part, (d, h, m, s) => {
        return readDuration(`${d}d${h}h${m}m${s}s`) === (((d * 24 + h) * 60 + m) * 60 + s) * 1000
      }),
    )
  })

  it('of a field is held to its least and to a year', () => {
    const field = duration({ description: 'Any.', example: '1m', leastMs: 1000 })
    expect(field.safeParse('1s').data).toBe(1000)
    expect(field.safeParse('999ms').error?.issues[0]?.message).toBe('is too short; the least is 1s')
    expect(field.safeParse('366d').error?.issues[0]?.message).toBe('is too long; the most is 365d')
    expect(field.safeParse(5).error?.issues[0]?.message).toBe('must be a duration with its unit, e.g. `1m`')
  })
})

describe('a share', () => {
  it.each([
    ['0.1%', 0.001],
    ['0.3%', 0.003],
    ['7%', 0.07],
    ['0%', 0],
    [0.25, 0.25],
  ])('%s is the ratio %d, without crumbs', (written, ratio) => {
    expect(share('Any.').parse(written)).toBe(ratio)
  })

  it.each(['100%', 1, 5, -0.1, '-1%', '1', '1e1%', '.5%', null, Number.NaN])('%s is none', (written) => {
    expect(share('Any.').safeParse(written).success).toBe(false)
  })
})
