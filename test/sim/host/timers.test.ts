import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TypedData } from '../../../sim/host/functions-core.ts'
import { parseSchedule } from '../../../sim/host/ncrontab.ts'
import { createStatusFile, type StatusStore } from '../../../sim/host/timer-status.ts'
import { type RunningTimer, startTimer } from '../../../sim/host/timers.ts'
import { handClock } from './hand-clock.ts'
import { newFolder } from './support.ts'

const START = Date.parse('2026-03-01T00:00:30Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

interface Run {
  readonly at: string
  readonly isPastDue: boolean
  readonly next: string
}

let runs: Run[] = []
let errors: string[] = []

beforeEach(() => {
  runs = []
  errors = []
})

type Work = () => Promise<void>

function start(
  clock: ReturnType<typeof handClock>,
  options: { schedule?: string; status?: StatusStore; runOnStartup?: boolean; work?: Work } = {},
): RunningTimer {
  return startTimer({
    name: 'tick',
    schedule: parseSchedule(options.schedule ?? '0 * * * * *'),
    runOnStartup: options.runOnStartup ?? false,
    status: options.status ?? null,
    clock,
    log: (level, _category, message) => errors.push(`${level}: ${message}`),
    invoke: async (data: TypedData) => {
      const info = JSON.parse(data.json ?? '')
      runs.push({ at: new Date(clock.now()).toISOString(), isPastDue: info.IsPastDue, next: info.ScheduleStatus.Next })
      await options.work?.()
    },
  })
}

function statusFile(): { path: string; open: () => StatusStore } {
  const path = join(newFolder(), 'timers', 'status.json')
  return { path, open: () => createStatusFile(path) }
}

describe('a timer', () => {
  test('runs at every due time and tells which', async () => {
    const clock = handClock(START)
    const timer = start(clock)
    await clock.wind(3 * MINUTE)
    await timer.stop()
    expect(runs).toEqual([
      { at: '2026-03-01T00:01:00.000Z', isPastDue: false, next: '2026-03-01T00:01:00.000Z' },
      { at: '2026-03-01T00:02:00.000Z', isPastDue: false, next: '2026-03-01T00:02:00.000Z' },
      { at: '2026-03-01T00:03:00.000Z', isPastDue: false, next: '2026-03-01T00:03:00.000Z' },
    ])
  })

  test('never runs beside itself: times that pass during a run make one run after it', async () => {
    const clock = handClock(START)
    let finish = () => {}
    const work = () => new Promise<void>((resolve) => (finish = resolve))
    const timer = start(clock, { work })
    await clock.wind(10 * MINUTE)
    expect(runs).toHaveLength(1)
    finish()
    await clock.wind(0)
    expect(runs).toHaveLength(2)
    finish()
    await timer.stop()
  })

  test('goes on after a run that threw, and the error is logged', async () => {
    const clock = handClock(START)
    const timer = start(clock, { work: () => Promise.reject(new Error('no luck')) })
    await clock.wind(2 * MINUTE)
    await timer.stop()
    expect(runs).toHaveLength(2)
    expect(errors[0]).toContain('error: Error: no luck')
  })

  test('that fires early waits for its time and fires once', async () => {
    const clock = handClock(START)
    const early = { ...clock, after: (ms: number, call: () => void) => clock.after(ms > 5 ? ms - 5 : ms, call) }
    const timer = start(early as ReturnType<typeof handClock>)
    await clock.wind(MINUTE)
    await timer.stop()
    expect(runs.map((run) => run.at)).toEqual(['2026-03-01T00:01:00.000Z'])
  })

  test('may run at the start', async () => {
    const clock = handClock(START)
    const timer = start(clock, { runOnStartup: true })
    await clock.wind(0)
    await timer.stop()
    expect(runs.map((run) => run.isPastDue)).toEqual([false])
  })

  test('that is stopped waits for its run and begins no other', async () => {
    const clock = handClock(START)
    let finish = () => {}
    const timer = start(clock, { work: () => new Promise<void>((resolve) => (finish = resolve)) })
    await clock.wind(MINUTE)
    let stopped = false
    const stop = timer.stop().then(() => (stopped = true))
    await clock.wind(0)
    expect(stopped).toBe(false)
    finish()
    await stop
    await clock.wind(HOUR)
    expect(runs).toHaveLength(1)
    expect(clock.waiting()).toBe(0)
  })
})

describe('the status of a timer', () => {
  test('makes an hour of missed runs one run that is past due', async () => {
    const file = statusFile()
    const before = handClock(START)
    const first = start(before, { status: file.open() })
    await before.wind(2 * MINUTE)
    await first.stop()
    const after = handClock(before.now() + HOUR)
    const second = start(after, { status: file.open() })
    await after.wind(MINUTE)
    await second.stop()
    expect(runs.map((run) => run.isPastDue)).toEqual([false, false, true, false])
    expect(runs[2]?.next).toBe('2026-03-01T00:03:00.000Z')
  })

  test('of a timer that never ran yet counts too', async () => {
    const file = statusFile()
    await start(handClock(START), { status: file.open() }).stop()
    const clock = handClock(START + HOUR)
    const timer = start(clock, { status: file.open() })
    await clock.wind(0)
    await timer.stop()
    expect(runs.map((run) => run.isPastDue)).toEqual([true])
  })

  test('is dropped when the schedule was changed', async () => {
    const file = statusFile()
    await start(handClock(START), { status: file.open() }).stop()
    const clock = handClock(START + HOUR)
    const timer = start(clock, { status: file.open(), schedule: '0 */7 * * * *' })
    await clock.wind(0)
    await timer.stop()
    expect(runs).toEqual([])
  })

  test('is on disk after every run, and a file that cannot be read counts as absent', async () => {
    const file = statusFile()
    const clock = handClock(START)
    const timer = start(clock, { status: file.open() })
    await clock.wind(MINUTE)
    await timer.stop()
    const kept = JSON.parse(readFileSync(file.path, 'utf8'))
    expect(kept.tick).toMatchObject({ next: Date.parse('2026-03-01T00:02:00Z') })
    writeFileSync(file.path, '{"tick":')
    expect(file.open().read('tick')).toBeNull()
  })
})

test('a schedule that is never due says so and runs never', async () => {
  const clock = handClock(START)
  const timer = start(clock, { schedule: '0 0 0 30 2 *' })
  await clock.wind(HOUR)
  await timer.stop()
  expect(runs).toEqual([])
  expect(errors[0]).toContain('never due')
})
