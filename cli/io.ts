import { createInterface } from 'node:readline/promises'
import { EXIT, Refusal } from './exit.ts'
import type { Terminal } from './terminal.ts'

/** What a command has of the world around it: where it writes, whom it may ask, and what stops it. */
export interface Io extends Terminal {
  /** Data, to standard output; a line end is added. */
  readonly write: (text: string) => void
  /** Talk, to standard error; a line end is added. */
  readonly talk: (text: string) => void
  /** Text to standard output as it is: for pictures that renew themselves. */
  readonly draw: (text: string) => void
  /** Whether standard output is a terminal. */
  readonly isTty: boolean
  /** Columns and rows of the terminal; without one, 80 columns. */
  readonly size: () => { readonly columns: number; readonly rows: number }
  /** Whether signs beyond ASCII may be written. */
  readonly isUnicode: boolean
  /** Asks yes or no; null where nobody can be asked. Enter alone is no. */
  readonly ask: (question: string) => Promise<boolean | null>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal
}

/** The real world, by the options that shape it. */
export function createIo(
  wishes: { readonly noColor: boolean; readonly noInput: boolean },
  interrupted: AbortSignal,
): Io {
  const { stdin, stdout, stderr, env } = process
  const isTty = stdout.isTTY === true
  const canAsk = stdin.isTTY === true && stderr.isTTY === true && !wishes.noInput
  return {
    write: (text) => stdout.write(`${text}\n`),
    talk: (text) => stderr.write(`${text}\n`),
    draw: (text) => stdout.write(text),
    isTty,
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    isColoured: isTty && !wishes.noColor && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    isUnicode: knowsUnicode(env),
    ask: async (question) => (canAsk ? askYesNo(question, interrupted) : null),
    env,
    cwd: process.cwd(),
    interrupted,
  }
}

async function askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // readline takes Ctrl-C for itself while it asks.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `, { signal })).trim())
  } finally {
    lines.close()
  }
}

/** Locales say which signs a terminal knows; one that says nothing is taken to know them. */
function knowsUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  if ((env.SLIPWAY_ASCII ?? '') !== '' || env.TERM === 'dumb' || env.TERM === 'linux') return false
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return locale === '' || /utf-?8/i.test(locale)
}

/** Goes on only when a person says yes, or said so before with `--yes`. Throws Refusal otherwise. */
export async function confirm(io: Io, isSure: boolean, will: string): Promise<void> {
  if (isSure) return
  const answer = await io.ask(`${will}\nDo it?`)
  if (answer === true) return
  if (answer === false) throw new Refusal(EXIT.error, 'Nothing was done.')
  throw new Refusal(EXIT.usage, [
    `${will}`,
    'This wants a yes, and nobody can be asked here. Nothing was done; say it again with --yes, or look first with --dry-run.',
  ])
}

/** Waits, or until Ctrl-C: then it throws. */
export async function sleep(io: Pick<Io, 'interrupted'>, ms: number): Promise<void> {
  const { setTimeout: after } = await import('node:timers/promises')
  await after(ms, undefined, { signal: io.interrupted })
}
