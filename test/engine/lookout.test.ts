import { expect, test } from 'vitest'
import { createLookout } from '../../lib/engine/lookout.ts'

/** A lookout whose time passes only when somebody sleeps: all sleepers wake together, `intervalMs` later. */
function scene(seats = 10) {
  let time = 0
  const lookout = createLookout({
    now: () => time,
    sleep: async (ms) => {
      const wake = time + ms
      await new Promise((resolve) => setImmediate(resolve))
      time = Math.max(time, wake)
    },
    seats,
    intervalMs: 1000,
  })
  let reads = 0
  return {
    lookout,
    pass: (ms: number) => (time += ms),
    time: () => time,
    reads: () => reads,
    read: async () => ++reads,
  }
}

test('waiting ends with the first look that shows news', async () => {
  const { lookout, read, time } = scene()
  expect(await lookout.until(25_000, read, (seen) => seen === 3)).toEqual({ kind: 'news', seen: 3 })
  expect(time()).toBe(3000)
})

test('without news it ends when the time is over, and not before', async () => {
  const { lookout, read, time, reads } = scene()
  expect(await lookout.until(2500, read, () => false)).toEqual({ kind: 'over' })
  expect([time(), reads()]).toEqual([2500, 3])
})

test('those who wait for the same thing share each look', async () => {
  const { lookout, read, reads } = scene()
  const wait = () =>
    lookout.until(
      5000,
      () => lookout.look('pricing', read),
      () => false,
    )
  await Promise.all([wait(), wait(), wait()])
  expect(reads()).toBeLessThanOrEqual(6)
})

test('a look is good for a second, and for its own key only', async () => {
  const { lookout, read, pass } = scene()
  expect([await lookout.look('a', read), await lookout.look('a', read), await lookout.look('b', read)]).toEqual([
    1, 1, 2,
  ])
  pass(1000)
  expect(await lookout.look('a', read)).toBe(3)
})

test('a look stays good while others look at something else', async () => {
  const { lookout, read, pass } = scene()
  await lookout.look('a', read)
  pass(999)
  expect([await lookout.look('b', read), await lookout.look('a', read)]).toEqual([2, 1])
})

test('a look that failed is told to those who share it and is not kept', async () => {
  const { lookout, read } = scene()
  const broken = async () => {
    throw new Error('storage is away')
  }
  await expect(lookout.look('a', broken)).rejects.toThrow('storage is away')
  expect(await lookout.look('a', read)).toBe(1)
})

test('when every seat is taken nobody else waits, and a seat is free again afterwards, also after a failure', async () => {
  const { lookout, read } = scene(1)
  const first = lookout.until(1000, read, () => false)
  expect(await lookout.until(1000, read, () => false)).toEqual({ kind: 'full' })
  await first
  await expect(
    lookout.until(
      1000,
      () => Promise.reject(new Error('away')),
      () => false,
    ),
  ).rejects.toThrow('away')
  expect(await lookout.until(1000, read, () => true)).toMatchObject({ kind: 'news' })
})
