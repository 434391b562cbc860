import type { ServiceView } from '../lib/api.ts'
import { duration } from '../lib/core/format.ts'
import type { VerdictKind } from '../lib/core/judge/verdict.ts'
import { quotable } from '../lib/schema/issue.ts'
import type { Io } from './io.ts'
import { type Colour, coloured } from './terminal.ts'

type Signs = Pick<Io, 'isUnicode' | 'isColoured'>
type Sign = readonly [unicode: string, ascii: string, colour: Colour]

const PHASES: Readonly<Record<string, Sign>> = {
  idle: ['·', '-', 'dim'],
  preparing: ['◌', 'o', 'cyan'],
  provisioning: ['◌', 'o', 'cyan'],
  progressing: ['◌', 'o', 'cyan'],
  paused: ['॥', '=', 'yellow'],
  'rolling-back': ['↺', '<', 'red'],
  promoted: ['✔', '+', 'green'],
  unchanged: ['✔', '+', 'green'],
}

const VERDICTS: Readonly<Record<VerdictKind, Sign>> = {
  pass: ['✔', '+', 'green'],
  inconclusive: ['?', '?', 'yellow'],
  nodata: ['∅', '0', 'yellow'],
  error: ['!', '!', 'yellow'],
  suspect: ['‼', '!', 'yellow'],
  fail: ['✖', 'x', 'red'],
}

/** The word for where a service stands: its phase, or how the last rollout ended. */
export function phaseWord({
  phase,
  outcome,
  gate,
}: Pick<ServiceView, 'phase' | 'outcome'> & { gate?: ServiceView['gate'] }): string {
  if (phase === 'paused' && gate) return 'waiting for approval'
  return outcome ?? phase
}

/** A reason behind the word for how it stands, without saying that word again: `aborted` · `by ada`. */
export function reasonAfter(word: string, because: string): string {
  return because.startsWith(`${word} `) ? because.slice(word.length + 1) : because
}

/** The sign for a phase or an outcome. */
export function phaseSign(io: Signs, { phase, outcome }: Pick<ServiceView, 'phase' | 'outcome'>): string {
  return signed(io, PHASES[outcome ?? phase] ?? ['✖', 'x', 'red'])
}

/** A word in the colour of its phase. */
export function phaseColoured(
  io: Signs,
  { phase, outcome }: Pick<ServiceView, 'phase' | 'outcome'>,
  text: string,
): string {
  return coloured(io, (PHASES[outcome ?? phase] ?? ['', '', 'red' as const])[2], text)
}

/** The sign for what a KPI says. */
export function verdictSign(io: Signs, verdict: VerdictKind): string {
  return signed(io, VERDICTS[verdict] ?? ['!', '!', 'yellow'])
}

/** Good, bad, or to be looked at, as a sign. */
export function sign(io: Signs, kind: 'good' | 'bad' | 'warning'): string {
  return signed(
    io,
    { good: ['✔', '+', 'green'], bad: ['✖', 'x', 'red'], warning: ['!', '!', 'yellow'] }[kind] as unknown as Sign,
  )
}

function signed(io: Signs, [unicode, ascii, colour]: Sign): string {
  return coloured(io, colour, io.isUnicode ? unicode : ascii)
}

/** Foreign text made fit for a terminal: people, registries and Azure write parts of it. */
export function clean(text: string | null | undefined, limit = 1000): string {
  return quotable(text ?? '', limit)
}

/** A digest as people tell digests apart: `sha256:1febbce9`. */
export function shortDigest(digest: string | null): string {
  return clean(digest?.slice(0, 'sha256:'.length + 8) ?? '')
}

/** A moment in the time of this machine: `14:07:32`, with the day where it is not today's. */
export function clock(at: number, now: number = Date.now()): string {
  const [then, today] = [new Date(at), new Date(now)]
  const two = (value: number) => String(value).padStart(2, '0')
  const time = `${two(then.getHours())}:${two(then.getMinutes())}:${two(then.getSeconds())}`
  if (then.toDateString() === today.toDateString()) return time
  const day = `${MONTHS[then.getMonth()]} ${then.getDate()}`
  return then.getFullYear() === today.getFullYear() ? `${day} ${time}` : `${day} ${then.getFullYear()} ${time}`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A moment of the API (ISO 8601, or epoch milliseconds) in UTC, to the second. */
export function utc(at: string | number | null | undefined): string {
  if (at === null || at === undefined) return ''
  const time = typeof at === 'number' ? at : Date.parse(at)
  if (Number.isNaN(time)) return clean(String(at), 40)
  return new Date(time)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

/** How long ago: `3m 12s ago`. */
export function ago(at: string | number, now: number = Date.now()): string {
  const time = typeof at === 'number' ? at : Date.parse(at)
  return `${duration(Math.max(0, now - time))} ago`
}
