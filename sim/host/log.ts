/** The levels of the Functions worker, mildest first. */
export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none'

/** One line of the host's log. `category` is `Host.…` for the host itself and `Function.<name>…` for what a function says. */
export interface LogLine {
  readonly time: string
  readonly level: LogLevel
  readonly category: string
  readonly message: string
  readonly invocationId?: string
}

export type Log = (level: LogLevel, category: string, message: string, invocationId?: string) => void

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none']

/** Makes a log that hands every line at or above `least` to `write`. */
export function createLog(write: (line: LogLine) => void, least: LogLevel, now: () => number): Log {
  return (level, category, message, invocationId) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return
    const time = new Date(now()).toISOString()
    write({ time, level, category, message, ...(invocationId === undefined ? {} : { invocationId }) })
  }
}

let waiting = ''

/** One JSON line on stderr. Lines of one moment go out together: a write to a pipe holds up everything else. */
export function writeToStderr(line: LogLine): void {
  if (waiting === '') setImmediate(flush)
  waiting += `${JSON.stringify(line)}\n`
}

process.on('exit', flush)

function flush(): void {
  if (waiting !== '') process.stderr.write(waiting)
  waiting = ''
}

/** The text of whatever was thrown: an Error with its stack, anything else as it prints. */
export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
