import { describe, expect, test } from 'vitest'
import type { FreezeWindow } from '../../lib/core/freeze.ts'
import { planFor } from '../../lib/engine/plan.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { aManifest, aRollout, finished, HOUR, MINUTE, progressing, SECOND } from '../support/builders.ts'
import { aStop, loaded, NOW, toldWheel } from './told-wheel.ts'

describe('a plan', () => {
  const DAY = 24 * HOUR
  const end = NOW + 90 * DAY + HOUR + 30 * MINUTE

  /** The freezes of a plan for pricing, where `windows` tells when the freeze holds. */
  async function planned(nextWindow: Wheel['nextWindow'], services: readonly string[] | null = null) {
    const { wheel } = toldWheel({ takesMs: { load: 0, freezes: 0 }, freezes: () => [aStop('line', services)] })
    const asked: number[] = []
    const own: Wheel = {
      ...wheel,
      nextWindow: (freeze, at) => {
        asked.push(at)
        return nextWindow(freeze, at)
      },
    }
    const plan = await planFor(own, aManifest(), () => ({}))
    return { plan, asked }
  }

  test('is told with times that people read', async () => {
    const running = aRollout(progressing(0))
    const { wheel } = toldWheel({
      stored: [loaded(running)],
      takesMs: { load: 0, freezes: 0 },
      freezes: () => [aStop('line')],
    })
    const nextWindow = () => ({ from: NOW, until: NOW + HOUR })
    let times = 0
    const own = { ...wheel, nextWindow: () => (times++ === 0 ? nextWindow() : null) }
    const plan = await planFor(own, aManifest({ drainMs: 1 }), ({ drainMs }) => ({ drainMs }))
    expect(plan).toMatchObject({
      service: 'pricing',
      environment: 'production',
      running: 'pricing-2',
      version: { now: 3, next: 4 },
      changes: [{ path: 'drainMs', before: 30_000, after: 1 }],
      leastMs: 2 * HOUR + 30 * MINUTE,
      endsAt: '2026-11-21T15:30:00.000Z',
      freezes: [
        { id: 'line', reason: 'because of line', from: '2026-11-21T13:00:00.000Z', until: '2026-11-21T14:00:00.000Z' },
      ],
    })
    expect(plan.steps.map(({ startsAt }) => startsAt)).toEqual([
      '2026-11-21T14:00:00.000Z',
      '2026-11-21T15:00:00.000Z',
      '2026-11-21T15:30:00.000Z',
    ])
  })

  test('does not name as running what is over', async () => {
    const { wheel } = toldWheel({ stored: [loaded(aRollout(finished('promoted')))] })
    expect(await planFor(wheel, aManifest(), () => ({}))).toMatchObject({ running: null, version: { now: 3, next: 3 } })
    const { wheel: empty } = toldWheel({})
    expect(await planFor(empty, aManifest(), () => ({ a: 1 }))).toMatchObject({
      running: null,
      version: { now: 0, next: 1 },
    })
  })

  test('looks for times of a freeze to ninety days behind the bakes, and no further', async () => {
    const daily = (_: unknown, at: number): FreezeWindow => ({ from: at + DAY / 2, until: at + DAY })
    const { asked } = await planned(daily)
    expect([asked[0], asked[1], asked.length]).toEqual([NOW, NOW + DAY, 91])
    const justBefore = await planned((_, at) => ({ from: at === NOW ? end - 1 : end, until: end }))
    expect(justBefore.asked).toEqual([NOW, end])
    const then = await planned(() => ({ from: end, until: end + 1 }))
    expect(then.asked).toEqual([NOW])
  })

  test('looks at five hundred times of one freeze at most, and not behind one without an end', async () => {
    const often = await planned((_, at) => ({ from: at, until: at + SECOND }))
    expect(often.asked).toHaveLength(500)
    const { asked, plan } = await planned(() => ({ from: NOW, until: null }))
    expect([asked.length, plan.freezes]).toEqual([
      1,
      [{ id: 'line', reason: 'because of line', from: '2026-11-21T13:00:00.000Z', until: null }],
    ])
    expect((await planned(() => ({ from: NOW, until: null }), ['safety'])).asked).toEqual([])
  })
})
