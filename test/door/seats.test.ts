import { expect, test } from 'vitest'
import { seatsFor } from '../../lib/door/seats.ts'
import { createLookout } from '../../lib/engine/lookout.ts'

/** A lookout of three seats where time passes only as it is told to. */
function scene() {
  let time = 0
  const sleepers: (() => void)[] = []
  const lookout = createLookout({
    now: () => time,
    sleep: () => new Promise((resolve) => sleepers.push(resolve)),
    seats: 3,
    intervalMs: 1000,
  })
  const pass = async () => {
    time += 1000
    for (const wake of sleepers.splice(0)) wake()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const seat = seatsFor(lookout, 2)
  const wait = (who: string) =>
    seat(who).until(
      1000,
      async () => 'seen',
      () => false,
    )
  return { wait, pass, seat }
}

test('nobody takes all seats: who holds theirs is told that it is full, and others wait', async () => {
  const { wait, pass } = scene()
  const held = [wait('mallory'), wait('mallory')]
  expect(await wait('mallory')).toEqual({ kind: 'full' })
  const other = wait('ada')
  await pass()
  expect(await Promise.all([...held, other])).toEqual(Array(3).fill({ kind: 'over' }))
  const again = wait('mallory')
  await pass()
  expect(await again).toEqual({ kind: 'over' })
})

test('a seat is given back also where the look fails', async () => {
  const { seat, wait, pass } = scene()
  const broken = async () => {
    throw new Error('no storage')
  }
  for (let n = 0; n < 3; n++) {
    const failed = seat('ada').until(1000, broken, () => true)
    const said = expect(failed).rejects.toThrow('no storage')
    await pass()
    await said
  }
  const next = wait('ada')
  await pass()
  expect(await next).toEqual({ kind: 'over' })
})
