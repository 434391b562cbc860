import type { HostClock } from './clock.ts'
import type { TypedData } from './functions-core.ts'
import { type Log, textOf } from './log.ts'
import type { Schedule } from './ncrontab.ts'
import type { ScheduleStatus, StatusStore } from './timer-status.ts'

/** One timer function. */
export interface TimerOptions {
  readonly name: string
  readonly schedule: Schedule
  readonly runOnStartup: boolean
  /** Keeps and checks the status of schedules, so that a run missed while the host was down is caught up: once. */
  readonly status: StatusStore | null
  readonly clock: HostClock
  readonly log: Log
  readonly invoke: (data: TypedData) => Promise<void>
}

export interface RunningTimer {
  /** No further run begins; resolves when the current one has ended. */
  stop(): Promise<void>
}

/**
 * Runs a function by its schedule, as Azure's TimerListener does: never two runs at once (the next time is looked up when
 * a run has ended), errors are logged and forgotten, and after a stop with runs missed there is one catch-up run with
 * `isPastDue`.
 */
export function startTimer(options: TimerOptions): RunningTimer {
  const { clock, schedule, log, name } = options
  const started = clock.now()
  const stored = options.status?.read(name) ?? null
  let status = adopt(stored, schedule, started)
  if (stored?.next !== status?.next && status !== null) options.status?.write(name, status)
  let stopped = false
  let cancel = () => {}
  let running: Promise<void> = Promise.resolve()

  const runOnce = async (isPastDue: boolean) => {
    const begun = clock.now()
    await options.invoke(timerData(status, isPastDue)).catch((error) => log('error', `Function.${name}`, textOf(error)))
    status = statusAfter(schedule, begun)
    if (status !== null) options.status?.write(name, status)
  }
  const launch = (isPastDue: boolean) => {
    running = runOnce(isPastDue).then(arm)
  }
  const arm = () => {
    if (stopped) return
    if (status === null) return log('warning', `Function.${name}`, `Schedule "${schedule.text}" is never due.`)
    const wait = Math.max(0, status.next - clock.now())
    // A timer may fire early; running before its time would make it run twice for one occurrence.
    cancel = clock.after(wait, () => (clock.now() < (status?.next ?? 0) ? arm() : launch(false)))
  }

  if (status !== null && status.next < started) launch(true)
  else if (options.runOnStartup) launch(false)
  else arm()
  return {
    stop() {
      stopped = true
      cancel()
      return running
    },
  }
}

/** What the function is told; also for a run by hand, which is never past due. */
export function timerData(status: ScheduleStatus | null, isPastDue: boolean): TypedData {
  const iso = (at: number | null | undefined) => new Date(at ?? 0).toISOString()
  const info = {
    Schedule: { AdjustForDST: true },
    ScheduleStatus: { Last: iso(status?.last), Next: iso(status?.next), LastUpdated: iso(status?.updated) },
    IsPastDue: isPastDue,
  }
  return { json: JSON.stringify(info) }
}

/** Keeps a stored status if it belongs to this schedule; a changed schedule begins anew and is not past due. */
function adopt(stored: ScheduleStatus | null, schedule: Schedule, now: number): ScheduleStatus | null {
  const fresh = schedule.next(now)
  const anew = fresh === null ? null : { last: null, next: fresh, updated: now }
  if (stored === null) return anew
  return stored.next === schedule.next(stored.last ?? stored.updated) ? stored : anew
}

function statusAfter(schedule: Schedule, last: number): ScheduleStatus | null {
  const next = schedule.next(last)
  return next === null ? null : { last, next, updated: last }
}
