import { describe, expect, test } from 'vitest'
import type { Notice } from '../../lib/core/notice.ts'
import { noticePage, reviveAll } from '../../lib/engine/notices.ts'
import { type Postman, type Sink, workOff } from '../../lib/engine/notify-line.ts'
import { Fault } from '../../lib/errors.ts'
import type { Outbox, Parcel, SinkState } from '../../lib/ports.ts'
import { aCaller } from '../support/callers.ts'
import { aNotice } from '../support/notices.ts'

const NOW = 1_000_000_000
const DAY = 86_400_000
const WELL: SinkState = { leasedUntil: 0, failures: 0, failingSince: null, pausedUntil: 0, lastError: null }

const parcel = (seq: number, changes: Partial<Parcel> = {}, notice: Partial<Notice> = {}) =>
  ({
    environment: 'production',
    sink: 'ops',
    notice: aNotice(seq, notice),
    queuedAt: NOW - 1000,
    tries: 0,
    lastError: null,
    deadAt: null,
    ...changes,
  }) as Parcel

/** An outbox with these parcels in its line and its sink as it is; each call, as it was made. */
function given(parcels: readonly Parcel[], state: SinkState = WELL, tell: Sink['notifier']['tell'] = async () => null) {
  const calls: unknown[][] = []
  let token = 0
  let thread: string | null = null
  const outbox = {
    line: async (...all: unknown[]) => {
      calls.push(['line', ...all])
      return parcels
    },
    sink: async () => {
      calls.push(['sink'])
      return { state, token }
    },
    keepSink: async (_: string, __: string, kept: SinkState, over: unknown) => {
      calls.push(['keep', kept, over])
      token += 1
      return { token }
    },
    thread: async () => thread,
    delivered: async ({ notice }: Parcel, called: string | null) => {
      calls.push(['delivered', notice.seq, called])
      thread = called ?? thread
    },
    failed: async ({ notice, tries, lastError, deadAt }: Parcel) => {
      calls.push(['failed', notice.seq, tries, lastError, deadAt])
    },
  } as unknown as Outbox
  const sink: Sink = { name: 'ops', wants: () => true, notifier: { hasThreads: true, tell } }
  const postman: Postman = { clock: { now: () => NOW }, outbox, sinks: [sink], chance: () => 0.5 }
  return { calls, work: () => workOff(postman, 'production', sink) }
}

const nothing = { delivered: 0, dead: [], troubles: [] }
const lines = [['line', 'production', 'ops', 1], ['sink']] as const
const held = (state: SinkState) => [
  ['keep', { ...state, leasedUntil: NOW + 60_000 }, 0],
  ['line', 'production', 'ops', 50],
]

describe('a line', () => {
  test('that is empty costs one look, and one whose sink rests costs two', async () => {
    const empty = given([])
    expect(await empty.work()).toEqual(nothing)
    expect(empty.calls).toEqual(lines.slice(0, 1))
    for (const state of [
      { ...WELL, pausedUntil: NOW + 1 },
      { ...WELL, leasedUntil: NOW + 1 },
      { ...WELL, leasedUntil: NOW + 60_000 },
    ]) {
      const resting = given([parcel(1)], state)
      expect(await resting.work()).toEqual(nothing)
      expect(resting.calls).toEqual(lines)
    }
  })

  test('is worked off from the moment on at which its sink has rested, or another dispatcher’s time is up', async () => {
    for (const state of [
      { ...WELL, pausedUntil: NOW },
      { ...WELL, leasedUntil: NOW },
      { ...WELL, leasedUntil: NOW + 60_001 },
    ]) {
      const { work, calls } = given([parcel(1)], state)
      expect((await work()).delivered).toBe(1)
      expect(calls).toEqual([...lines, ...held(state), ['delivered', 1, null], ['keep', WELL, 1]])
    }
  })

  test('is told with the name of its conversation kept where there is a new one only', async () => {
    const { work, calls } = given([parcel(1), parcel(2)], WELL, async (_, thread) => thread ?? 'the thread')
    await work()
    expect(calls.slice(4, 6)).toEqual([
      ['delivered', 1, 'the thread'],
      ['delivered', 2, null],
    ])
  })

  test('keeps the order of each service and of the environment itself', async () => {
    const own = { service: null }
    const { work, calls } = given([parcel(9, {}, own), parcel(2), parcel(3, {}, own), parcel(1)])
    await work()
    expect(calls.flatMap(([what, seq]) => (what === 'delivered' ? [seq] : []))).toEqual([3, 1, 9, 2])
  })

  test('loses what its sink refuses, and tells of errors that are ours alone', async () => {
    const broken = new TypeError('undefined is not a function')
    const { work, calls } = given([parcel(1, { tries: 4 }), parcel(2), parcel(3)], WELL, async ({ seq }) => {
      if (seq === 1) throw new Fault('malformed', 'no such field')
      if (seq === 2) throw broken
      return null
    })
    const ours = 'an error of our own: see the log'
    const dead = [
      parcel(1, { tries: 5, lastError: 'no such field', deadAt: NOW }),
      parcel(2, { tries: 1, lastError: ours, deadAt: NOW }),
    ]
    expect(await work()).toMatchObject({ delivered: 1, dead, troubles: [broken] })
    expect(calls.slice(4, 7)).toEqual([
      ['failed', 1, 5, 'no such field', NOW],
      ['failed', 2, 1, ours, NOW],
      ['delivered', 3, null],
    ])
  })

  test('stops at the first that cannot be told now, which alone was tried, and gives up what had its day', async () => {
    const failing = { ...WELL, failures: 3, failingSince: NOW - DAY, lastError: 'before' }
    const old = { queuedAt: NOW - DAY, tries: 7 }
    const line = [parcel(1, old), parcel(2, old), parcel(3, { queuedAt: NOW - DAY + 1, tries: 2 })]
    const down = async () => Promise.reject(new Fault('unavailable', 'it is down'))
    const { work, calls } = given(line, failing, down)
    const dead = [
      parcel(1, { ...old, tries: 8, lastError: 'it is down', deadAt: NOW }),
      parcel(2, { ...old, lastError: 'it is down', deadAt: NOW }),
    ]
    expect(await work()).toMatchObject({ delivered: 0, dead, troubles: [] })
    expect(calls.slice(4)).toEqual([
      ['failed', 1, 8, 'it is down', NOW],
      ['failed', 2, 7, 'it is down', NOW],
      ['keep', { ...failing, failures: 4, pausedUntil: NOW + 30_000, lastError: 'it is down' }, 1],
    ])
  })

  test('that stops in its middle notes nothing at what was told before', async () => {
    const { work, calls } = given([parcel(1), parcel(2), parcel(3)], WELL, async ({ seq }) => {
      if (seq === 2) throw new Fault('throttled', 'wait', { retryAfterMs: 90_000 })
      return null
    })
    expect(await work()).toMatchObject({ delivered: 1, dead: [] })
    expect(calls.slice(4)).toEqual([
      ['delivered', 1, null],
      ['failed', 2, 1, 'wait', null],
      ['keep', { ...WELL, failures: 1, failingSince: NOW, pausedUntil: NOW + 90_000, lastError: 'wait' }, 1],
    ])
  })
})

describe('the list of notices', () => {
  /** Every list of parcels is one parcel a page without an end; where was looked, and for how many. */
  function endless(items: readonly Parcel[] = [parcel(1)]) {
    const asked: unknown[][] = []
    const outbox = {
      parcels: async (...all: unknown[]) => {
        asked.push(all)
        return { items, next: `n${asked.length}` }
      },
      sink: async (environment: string, sink: string) => {
        asked.push([environment, sink])
        return { state: WELL, token: 0 }
      },
    } as unknown as Outbox
    return { outbox, asked }
  }

  test('asks for no more than still lacks, and for each sink’s state once', async () => {
    const { outbox, asked } = endless()
    const page = await noticePage(outbox, ['production'], 3, null, aCaller())
    expect(asked).toEqual([
      ['production', true, 3, null],
      ['production', true, 2, 'n1'],
      ['production', true, 1, 'n2'],
      ['production', 'ops'],
    ])
    expect(page.next).toBe('0~n3')
    expect(page.items[0]).toEqual({
      id: 'production/pricing#1',
      environment: 'production',
      service: 'pricing',
      rollout: 'pricing-7',
      sink: 'ops',
      state: 'waiting',
      severity: 'info',
      title: aNotice(1).title,
      happenedAt: new Date(aNotice(1).at).toISOString(),
      tries: 0,
      lastError: null,
      nextTryAt: null,
      deadAt: null,
    })
  })

  test('looks at twenty pages at most', async () => {
    const { outbox, asked } = endless([])
    expect(await noticePage(outbox, ['production'], 3, null, aCaller())).toEqual({ items: [], next: '0~n20' })
    expect(asked).toHaveLength(20)
  })

  test('goes on at its own marks, and refuses all others with what to do', async () => {
    const many = Array.from({ length: 60 }, (_, n) => `environment-${n}`)
    const { outbox, asked } = endless()
    await noticePage(outbox, many, 1, '61~a~b', aCaller())
    await noticePage(outbox, many, 1, '119~', aCaller())
    expect(asked.filter(({ length }) => length === 4)).toEqual([
      ['environment-1', false, 1, 'a~b'],
      ['environment-59', false, 1, null],
    ])
    for (const mark of ['120~', '1000~', 'x1~', '1', '1~a\nb'])
      await expect(noticePage(outbox, many, 1, mark, aCaller()), mark).rejects.toMatchObject({
        kind: 'malformed',
        message: 'The page token is not one of this listing: ask for the first page again, without a token.',
      })
  })
})

test('two hundred are put back at most, whatever else a page holds, and no further page is asked for', async () => {
  let pages = 0
  const revived: unknown[] = []
  const outbox = {
    parcels: async () => {
      pages += 1
      return { items: [...Array(99).fill(parcel(1)), parcel(2, { sink: 'team' })], next: pages < 4 ? 'more' : null }
    },
    revive: async ({ sink }: Parcel, now: number) => void revived.push([sink, now]),
  } as unknown as Outbox
  expect(await reviveAll(outbox, 'production', 'ops', NOW)).toBe(200)
  expect([pages, revived.length, revived[0]]).toEqual([3, 200, ['ops', NOW]])
  const exact = {
    parcels: async () => {
      pages += 1
      return { items: Array(100).fill(parcel(1)), next: 'more' }
    },
    revive: async () => {},
  } as unknown as Outbox
  pages = 0
  expect(await reviveAll(exact, 'production', 'ops', NOW)).toBe(200)
  expect(pages).toBe(2)
})
