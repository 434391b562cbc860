import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** When a timer ran and will run. Epoch milliseconds; `last` is null before the first run. */
export interface ScheduleStatus {
  readonly last: number | null
  readonly next: number
  readonly updated: number
}

/** Where the status of timers outlives the host (Azure keeps it in a blob per function). */
export interface StatusStore {
  read(name: string): ScheduleStatus | null
  write(name: string, status: ScheduleStatus): void
}

/** One small JSON file for all timers of a host. A file that cannot be read counts as absent. */
export function createStatusFile(path: string): StatusStore {
  const all = new Map<string, ScheduleStatus>(Object.entries(readAll(path)))
  return {
    read: (name) => all.get(name) ?? null,
    write(name, status) {
      all.set(name, status)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(all)))
      renameSync(`${path}.new`, path)
    },
  }
}

function readAll(path: string): Record<string, ScheduleStatus> {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}
