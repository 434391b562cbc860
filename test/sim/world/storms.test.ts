import { describe, expect, it } from 'vitest'
import { handClock } from '../../../sim/clock.ts'
import { ArmRefusal } from '../../../sim/world/refusal.ts'
import { createWorld } from '../../../sim/world/world.ts'
import { NOON, shop } from './stage.ts'

const STORM_MS = 30 * 60_000
const refusal = { status: 429, code: 'TooManyRequests', message: 'slow down', retryAfterS: 60 }

/** Which of 2,000 reads in a storm of 90 % were refused. */
function refused(seed: number): readonly boolean[] {
  const clock = handClock(NOON)
  const world = createWorld({ clock, seed })
  world.addApp({ target: shop, image: 'shop:1' })
  world.inject({ on: 'any', share: 0.9, until: NOON + STORM_MS, refusal })
  const calls = Array.from({ length: 2_000 }, () => isRefused(() => world.get(shop)))
  clock.advance(STORM_MS)
  expect(isRefused(() => world.get(shop))).toBe(false)
  return calls
}

function isRefused(deed: () => unknown): boolean {
  try {
    deed()
    return false
  } catch (error) {
    if (error instanceof ArmRefusal) return true
    throw error
  }
}

describe('a storm at ARM', () => {
  it('refuses its share of the calls until it is over', () => {
    const share = refused(7).filter(Boolean).length / 2_000
    expect(share).toBeGreaterThan(0.87)
    expect(share).toBeLessThan(0.93)
  })

  it('spares the same calls whenever it is played from the same seed, and others from another', () => {
    expect(refused(7)).toEqual(refused(7))
    expect(refused(7)).not.toEqual(refused(8))
  })
})
