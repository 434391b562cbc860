import { describe, expect, test } from 'vitest'
import { byList, bySeed, byWorkers, explore, inOrder, walking } from '../../sim/choose.ts'
import { Crash } from '../../sim/crash.ts'
import { type Chooser, createSchedule, type Fate, isWrite, type Parked } from '../../sim/schedule.ts'

/** A board on which workers write their letter; `commit` is a write, `load` a read. */
function board() {
  const written: string[] = []
  const store = {
    load: async () => written.length,
    commit: async (letter: string) => {
      written.push(letter)
      return letter
    },
  }
  return { written, sockets: { store, clock: { now: () => 1000 } } }
}

type Sockets = ReturnType<typeof board>['sockets']

/** Reads, then writes its letter `times` times. */
const scribble =
  ({ store }: Sockets, letter: string, times: number) =>
  async () => {
    for (let n = 1; n <= times; n += 1) {
      await store.load()
      await store.commit(`${letter}${n}`)
    }
    return letter
  }

async function told(choose: Chooser, times = [2, 2], fate?: (gate: Parked) => Fate) {
  const { written, sockets } = board()
  const schedule = createSchedule({ choose, ...(fate === undefined ? {} : { fate }) })
  const results = times.map((count, index) => {
    const worker = schedule.worker(sockets)
    return schedule.start(worker, scribble(worker.sockets, 'abc'[index] ?? '', count))
  })
  const settled = Promise.allSettled(results)
  await schedule.settle()
  return { written: written.join(' '), settled: await settled, schedule }
}

describe('a schedule', () => {
  test('lets the calls of workers take effect in the order that is chosen', async () => {
    expect((await told(byList([0, 0, 0, 0, 1, 1, 1, 1]))).written).toBe('a1 a2 b1 b2')
    expect((await told(byList([1, 1, 0, 0, 0, 0]))).written).toBe('b1 a1 a2 b2')
    expect((await told(byList([0, 1, 0, 1, 0, 1, 0, 1]))).written).toBe('a1 b1 a2 b2')
  })

  test('runs the same for the same seed, and otherwise for other seeds', async () => {
    const of = async (seed: number) => (await told(bySeed(seed), [4, 4, 4])).written
    expect(await of(7)).toBe(await of(7))
    expect(new Set(await Promise.all([1, 2, 3, 4, 5].map(of))).size).toBeGreaterThan(3)
  })

  test('asks for no choice while a worker is alone', async () => {
    const never: Chooser = () => {
      throw new Error('there was nothing to choose')
    }
    const { written, schedule } = await told(never, [3])
    expect(written).toBe('a1 a2 a3')
    expect(schedule.passed.map(({ call, nth, write }) => [call, nth, write])).toEqual([
      ['store.load', 1, 0],
      ['store.commit', 2, 1],
      ['store.load', 3, 0],
      ['store.commit', 4, 2],
      ['store.load', 5, 0],
      ['store.commit', 6, 3],
    ])
  })

  test('lets a worker die at a gate, while the others go on', async () => {
    const fate = ({ worker, write }: Parked) => (worker === 0 && write === 2 ? 'die' : 'go')
    const { written, settled } = await told(byList([]), [3, 2], fate)
    expect(written.split(' ').sort()).toEqual(['a1', 'b1', 'b2'])
    expect(settled[0]).toMatchObject({ status: 'rejected', reason: expect.any(Crash) })
    expect(settled[1]).toEqual({ status: 'fulfilled', value: 'b' })
  })

  test.each([
    [true, 'a1 a2'],
    [false, 'a1'],
  ])('answers a call with an error, its effect being %s', async (effect, written) => {
    const fails = new Error('lost')
    const fate = ({ write }: Parked): Fate => (write === 2 ? { fails, effect } : 'go')
    const run = await told(byList([]), [3], fate)
    expect(run.written).toBe(written)
    expect(run.settled).toEqual([{ status: 'rejected', reason: fails }])
  })

  test('parks calls after their effect too, where that is asked for', async () => {
    const { written, sockets } = board()
    const fails = new Error('lost')
    const fate = ({ moment, write }: Parked): Fate =>
      moment === 'after' && write === 1 ? { fails, effect: true } : 'go'
    const schedule = createSchedule({ choose: byList([]), fate, after: true })
    const worker = schedule.worker(sockets)
    const result = schedule.start(worker, scribble(worker.sockets, 'a', 2))
    const refused = expect(result).rejects.toBe(fails)
    await schedule.settle()
    await refused
    expect(written).toEqual(['a1'])
    expect(schedule.passed.map(({ moment }) => moment)).toEqual(['before', 'after', 'before', 'after'])
  })

  test('keeps a held worker asleep until it is freed, and lets others work meanwhile', async () => {
    const { written, sockets } = board()
    const fate = ({ worker, write }: Parked) => (worker === 0 && write === 1 ? 'hold' : 'go')
    const schedule = createSchedule({ choose: byList([]), fate })
    const [sleeper, other] = [schedule.worker(sockets), schedule.worker(sockets)]
    const slept = schedule.start(sleeper, scribble(sleeper.sockets, 'a', 2))
    await schedule.settle()
    expect(written).toEqual([])
    for (const letter of ['b', 'c']) {
      const done = schedule.start(other, scribble(other.sockets, letter, 1))
      await schedule.settle()
      await done
    }
    schedule.free(sleeper.number)
    await schedule.settle()
    expect(await slept).toBe('a')
    expect(written).toEqual(['b1', 'c1', 'a1', 'a2'])
  })

  test('gives each worker a clock of its own', () => {
    const schedule = createSchedule({ choose: byList([]) })
    const { sockets } = board()
    const clocks = [0, 5000, -300].map((skew) => schedule.worker(sockets, skew).sockets.clock.now())
    expect(clocks).toEqual([1000, 6000, 700])
  })

  test('says so when work waits for something that is no call', async () => {
    const schedule = createSchedule({ choose: byList([]) })
    const worker = schedule.worker(board().sockets)
    void schedule.start(worker, () => new Promise(() => {}))
    await expect(schedule.settle()).rejects.toThrow('a worker of 0 waits for something that is no call')
  })

  test('refuses a choice that is none', async () => {
    await expect(told(() => 9)).rejects.toThrow('the choice is none of 2 calls that are parked')
  })

  test('tells writes from reads', () => {
    expect(['store.commit', 'apps.perform', 'bell.ring'].every(isWrite)).toBe(true)
    expect(['store.load', 'apps.observe', 'metrics.read'].some(isWrite)).toBe(false)
  })
})

describe('choices', () => {
  test.each([
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ])('bring write %i of one worker and write %i of another side by side, in both orders', async (one, other) => {
    const [a, b] = [
      { worker: 0, write: one },
      { worker: 1, write: other },
    ]
    expect((await told(inOrder(a, b))).written).toContain(`a${one} b${other}`)
    expect((await told(inOrder(b, a))).written).toContain(`b${other} a${one}`)
  })

  test('let one worker do all of its work after the other', async () => {
    expect((await told(byWorkers([1, 0]), [2, 2, 1])).written).toBe('b1 b2 a1 a2 c1')
  })

  test('do not wait for a write that never comes', async () => {
    const run = await told(inOrder({ worker: 0, write: 9 }, { worker: 1, write: 1 }))
    expect(run.written.split(' ').sort()).toEqual(['a1', 'a2', 'b1', 'b2'])
  })

  test('are explored one by one, each once, until none is left', async () => {
    const seen: string[] = []
    const explored = await explore({ switches: 9, limit: 1000 }, async (choose) => {
      const { schedule } = await told(choose, [1, 1])
      seen.push(schedule.passed.map(({ worker }) => worker).join(''))
    })
    expect([...seen].sort()).toEqual(['0011', '0101', '0110', '1001', '1010', '1100'])
    expect(explored).toEqual({ schedules: 6, isComplete: true })
  })

  test('are explored up to so many switches, or so many schedules', async () => {
    const seen: string[] = []
    const run = async (choose: Chooser) => {
      const { schedule } = await told(choose, [1, 1])
      seen.push(schedule.passed.map(({ worker }) => worker).join(''))
    }
    expect(await explore({ switches: 1, limit: 1000 }, run)).toEqual({ schedules: 4, isComplete: true })
    expect(seen).toEqual(['0011', '0110', '1100', '1001'])
    expect(await explore({ switches: 9, limit: 2 }, run)).toEqual({ schedules: 2, isComplete: false })
  })

  test('that break something are named', async () => {
    const run = async (choose: Chooser) => {
      const { written } = await told(choose, [1, 1])
      expect(written).toBe('a1 b1')
    }
    await expect(explore({ switches: 9, limit: 1000 }, run)).rejects.toThrow(/^with the choices 0+1\d*: AssertionError/)
    expect((await told(walking([0, 1]), [1, 1])).written).toBe('b1 a1')
  })
})
