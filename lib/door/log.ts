import type { InvocationContext } from '@azure/functions'
import { withoutSecrets } from '../errors.ts'

/** Writes lines that cannot forge other lines: one line each, no control characters, known secrets blotted out. */
export interface DoorLog {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

const MAX_LINE_CHARS = 4000

/** C0, DEL, C1 and the two Unicode line ends: everything that could start a line of its own or move a cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** One line of at most 4,000 characters: control characters become a space, secrets in URLs and headers become `***`. */
export function oneLine(text: string): string {
  const blotted = withoutSecrets(text.replace(CONTROL, ' '))
  return blotted.length <= MAX_LINE_CHARS ? blotted : `${blotted.slice(0, MAX_LINE_CHARS)}…`
}

/** The log of one request: every line begins with its id. */
export function doorLog(context: InvocationContext, requestId: string): DoorLog {
  const line = (message: string) => oneLine(`[${requestId}] ${message}`)
  return {
    info: (message) => context.info(line(message)),
    warn: (message) => context.warn(line(message)),
    error: (message) => context.error(line(message)),
  }
}
