import { describe, expect, it } from 'vitest'
import { createSimBell } from '../../sim/bell.ts'
import { handClock, wallClock } from '../../sim/clock.ts'
import { createSimRegistry } from '../../sim/registry.ts'
import { createSimSecrets } from '../../sim/secrets.ts'

describe('A hand-wound clock', () => {
  it('stands still, and moves forwards only', () => {
    const clock = handClock(100)
    clock.advance(5)
    clock.set(200)
    expect(clock.now()).toBe(200)
    expect(() => clock.set(199)).toThrow(/forwards/)
    expect(() => clock.advance(-1)).toThrow(/forwards/)
    expect(() => clock.advance(Number.NaN)).toThrow(/forwards/)
    expect(wallClock.now()).toBeGreaterThan(clock.now())
  })
})

describe('A simulated bell', () => {
  it('remembers each call once, earliest first, until it is taken', async () => {
    const bell = createSimBell()
    expect(bell.next()).toBeNull()
    const [late, early] = [
      { environment: 'a', at: 30 },
      { environment: 'b', at: 10 },
    ]
    await bell.ring([late, early])
    await bell.ring([late])
    expect(bell.next()).toEqual(early)
    expect(bell.take(10)).toEqual([early])
    expect(bell.take(100)).toEqual([late])
    expect(bell.next()).toBeNull()
  })

  it('loses every ring while it is deaf', async () => {
    const bell = createSimBell()
    bell.deaf = true
    await bell.ring([{ environment: 'a', at: 1 }])
    expect(bell.next()).toBeNull()
  })
})

describe('A simulated registry', () => {
  it('has everything but what was removed, and knows nothing while in trouble', async () => {
    const registry = createSimRegistry()
    const images = ['sha256:1', 'sha256:2'].map((digest) => ({ registry: 'r', repository: 'shop', digest }))
    registry.remove('sha256:2')
    expect(await registry.has(images)).toEqual([{ kind: 'present' }, { kind: 'absent' }])
    registry.restore('sha256:2')
    registry.trouble = { kind: 'unavailable', message: 'down', retryAfterMs: null }
    expect(await registry.has(images)).toEqual(images.map(() => ({ kind: 'unknown', trouble: registry.trouble })))
    expect(registry.asked).toBe(4)
  })
})

describe('Simulated secrets', () => {
  it('are read newest first, rotate, and can be taken away or refused', async () => {
    const secrets = createSimSecrets({ key: ['new', 'old'] })
    expect(await secrets.read('key')).toEqual(['new', 'old'])
    secrets.set('key', ['newer'])
    expect(await secrets.read('key')).toEqual(['newer'])
    secrets.set('key', [])
    await expect(secrets.read('key')).rejects.toMatchObject({ kind: 'not-found' })
    secrets.fault = 'denied'
    await expect(secrets.read('key')).rejects.toMatchObject({ kind: 'denied' })
    expect(secrets.reads).toBe(4)
  })
})
