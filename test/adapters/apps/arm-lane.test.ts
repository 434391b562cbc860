import { describe, expect, it } from 'vitest'
import { createArmLane } from '../../../lib/adapters/apps/arm-lane.ts'
import { Fault } from '../../../lib/errors.ts'
import type { Urgent } from '../../../lib/ports.ts'
import { handClock } from '../../../sim/clock.ts'

const T0 = Date.UTC(2026, 0, 5, 12)

/** A lane whose waits move its clock on, and a call that ARM refuses `times` times with a 429. */
function scene(times: number, kind: Fault['kind'] = 'throttled') {
  const clock = handClock(T0)
  const lane = createArmLane(clock, async (ms) => clock.advance(ms))
  const sent: number[] = []
  const call = async () => {
    sent.push(clock.now() - T0)
    if (sent.length <= times) throw new Fault(kind, 'too many', { retryAfterMs: 60_000 })
    return 'taken'
  }
  const send = (urgent?: Urgent, lanes: 'reads' | 'writes' = 'writes', sub = 'sub') =>
    lane('write it', sub, lanes, urgent, call)
  return { clock, send, sent }
}

describe('a call of a rollback that ARM throttles', () => {
  it('is made again every second, whatever wait is asked for', async () => {
    const { send, sent } = scene(3)
    expect(await send({ until: T0 + 15_000 })).toBe('taken')
    expect(sent).toEqual([0, 1000, 2000, 3000])
  })

  it('is given up when its time is over', async () => {
    const { send, sent } = scene(100)
    await expect(send({ until: T0 + 2_500 })).rejects.toMatchObject({ kind: 'throttled', message: 'too many' })
    expect(sent).toEqual([0, 1000, 2000])
  })

  it('is given up too when the clock stands still', async () => {
    const lane = createArmLane({ now: () => T0 }, async () => {})
    let made = 0
    const call = async () => {
      made += 1
      throw new Fault('throttled', 'too many')
    }
    await expect(lane('write', 'sub', 'writes', { until: T0 + 3_000 }, call)).rejects.toThrow('too many')
    expect(made).toBe(4)
  })

  it('is not made again once it is wanted no more', async () => {
    const { send, sent } = scene(100)
    const answers = [true, false]
    const goOn = async () => answers.shift() ?? false
    await expect(send({ until: T0 + 15_000, goOn })).rejects.toThrow('too many')
    expect(sent).toEqual([0, 1000])
  })

  it('is not made again where something else is wrong', async () => {
    const { send, sent } = scene(100, 'conflict')
    await expect(send({ until: T0 + 15_000 })).rejects.toMatchObject({ kind: 'conflict' })
    expect(sent).toEqual([0])
  })
})

describe('an ordinary call', () => {
  it('is made once, and the next ones rest as long as ARM asked, without being made', async () => {
    const { clock, send, sent } = scene(1)
    await expect(send()).rejects.toThrow('too many')
    await expect(send()).rejects.toMatchObject({
      kind: 'throttled',
      retryAfterMs: 60_000,
      message: 'write it: Azure refused an earlier call of this subscription and wants a rest. Nothing was sent.',
    })
    await expect(send(undefined, 'reads', 'SUB')).rejects.toMatchObject({ kind: 'throttled' })
    expect(sent).toEqual([0])
    expect(await send(undefined, 'writes', 'other')).toBe('taken')
    expect(await send({ until: T0 })).toBe('taken')
    clock.advance(60_000)
    expect(await send()).toBe('taken')
  })

  it('waits a moment for its turn and takes nothing of what is kept for rollbacks', async () => {
    const { clock, send, sent } = scene(0)
    for (let n = 0; n < 160; n++) await send()
    expect(clock.now()).toBe(T0)
    await send()
    expect(sent.at(-1)).toBe(100)
    for (let n = 0; n < 40; n++) await send({ until: T0 + 15_000 })
    expect(sent.at(-1)).toBe(100)
    await expect(send()).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 4_100 })
    await send({ until: T0 + 15_000 })
    expect(sent.at(-1)).toBe(200)
  })
})
