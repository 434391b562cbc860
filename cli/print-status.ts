import type { ServiceView } from '../lib/api.ts'
import { duration } from '../lib/core/format.ts'
import { heldText } from './ended.ts'
import type { Io } from './io.ts'
import { gateLines } from './print-gate.ts'
import { kpiLines } from './print-kpis.ts'
import { trafficLines } from './print-traffic.ts'
import type { Releases } from './releases.ts'
import { coloured, cut, hanging, visible } from './terminal.ts'
import { clean, clock, phaseColoured, phaseSign, phaseWord, reasonAfter, sign } from './words.ts'

/** What is shown of a service or a rollout. */
export interface Shown {
  readonly view: ServiceView
  readonly releases: Releases
  /** When the view was received, epoch milliseconds by the clock of this machine. */
  readonly receivedAt: number
  /** Whether it is a look at what is over: nothing can be asked for. */
  readonly isPast: boolean
  /** `-e production` for the commands that are told, where it was needed; else ''. */
  readonly place: string
}

/** The widest that lines get, however wide the terminal is: wider ones are harder to read. */
const WIDEST = 110

/**
 * The screen for three o'clock in the morning: what, why, what is next and when, and how to stop it, first; below them
 * traffic, KPIs with their evidence, and what holds it back. The countdown is of `now`.
 */
export function statusLines(io: Io, shown: Shown, now: number): readonly string[] {
  const width = Math.min(WIDEST, Math.max(40, io.size().columns))
  const { view } = shown
  const parts = [
    [titleLine(io, shown, width, now)],
    answerLines(io, shown, width, now),
    trafficLines(io, shown.view, shown.releases, width, now),
    kpiLines(io, view.kpis, width, now),
    gateLines(io, view, width, now),
  ]
  return parts
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]))
    .map((line) => cut(line, width, io.isUnicode ? '…' : '~'))
}

function titleLine(io: Io, { view, isPast }: Shown, width: number, now: number): string {
  const { rollout, service, tag, step, environment } = view
  const parts = [
    coloured(io, 'bold', rollout ?? service),
    ...(tag === null ? [] : [clean(tag, 60)]),
    phaseColoured(io, view, phaseWord(view)),
    ...(step === null ? [] : [`step ${step.number} of ${step.of}`]),
  ]
  const left = `${phaseSign(io, view)} ${parts.join(io.isUnicode ? ' · ' : ' - ')}`
  const right = coloured(io, 'dim', isPast ? environment : `${environment} ${clock(now, now)}`)
  const room = width - visible(left) - visible(right)
  return room < 2 ? cut(left, width) : `${left}${' '.repeat(room)}${right}`
}

/** What, why, what is next and when, how to stop it, how to go on; above all a trouble or a freeze. */
function answerLines(io: Io, shown: Shown, width: number, now: number): readonly string[] {
  const { view, isPast } = shown
  const line = (head: string, text: string) => hanging(head.padEnd(HEAD), text, HEAD, width)
  return [
    ...(view.trouble === null ? [] : line('Trouble', `${sign(io, 'warning')} ${clean(view.trouble)}`)),
    ...(view.freeze === null ? [] : line('Frozen', `${sign(io, 'warning')} ${freezeText(view.freeze, now)}`)),
    ...line('What', clean(view.what)),
    ...line('Why', [heldText(view) ?? '', clean(view.why)].filter((part) => part !== '').join('; ')),
    ...line('Next', clean(view.next)),
    ...whenLines(io, shown, now).map((text) => `${' '.repeat(HEAD)}${text}`),
    ...(view.pending.length === 0
      ? []
      : line('Then', `${view.pending.map((tag) => clean(tag, 60)).join(', ')} waits to be rolled out`)),
    ...(isPast ? [] : commandLines(io, shown)),
  ]
}

const HEAD = 9

function freezeText({ id, reason, by, until, unreadable }: NonNullable<ServiceView['freeze']>, now: number): string {
  if (unreadable)
    return `nobody can read which freezes hold (${clean(reason, 300)}), so all that is new waits until they can be read`
  const end = until === null ? 'until it is lifted' : `until ${clock(Date.parse(until), now)}`
  return `${clean(reason, 300)} (${clean(id, 60)}, by ${clean(by, 80)}, ${end})`
}

/** The countdown, by the time that was left when the view came: the clocks of two machines may differ. */
function whenLines(io: Io, { view, receivedAt }: Shown, now: number): readonly string[] {
  if (view.nextAt === null || view.nextInMs === null) return []
  const left = receivedAt + view.nextInMs - now
  const at = `at ${clock(now + Math.max(0, left), now)}`
  return left < 1000 ? ['looked at again any moment'] : [`${coloured(io, 'bold', `in ${duration(left)}`)}, ${at}`]
}

/** How to stop it and how to go on, as commands to be typed: those that the caller may give, and who may give the others. */
function commandLines(io: Io, { view, place }: Shown): readonly string[] {
  const { commands, may } = view
  const told = TOLD.flatMap(([verb, head]) => {
    if (verb === 'approve' && view.gate === null) return []
    if (!commands.includes(verb)) return []
    return [{ verb, head, isMine: may.includes(verb) }]
  })
  return told.map(({ verb, head, isMine }) => {
    const command = `slipway ${verb} ${view.service}${place}`
    const text = isMine ? coloured(io, 'cyan', command) : coloured(io, 'dim', `${command}  (not you: slipway whoami)`)
    return `${head.padEnd(HEAD)}${text}`
  })
}

const TOLD = [
  ['abort', 'Stop it'],
  ['approve', 'Approve'],
  ['promote', 'Go on'],
  ['resume', 'Resume'],
  ['retry', 'Retry'],
  ['undo', 'Undo'],
] as const

/** One line that says where a service stands: what `--watch` prints for a pipe. */
export function statusLine({ view, receivedAt }: Pick<Shown, 'view' | 'receivedAt'>): string {
  const { rollout, service, tag, step, canary, weights, why, trouble } = view
  const time = new Date(receivedAt).toISOString().replace(/\.\d+Z$/, 'Z')
  const weight = canary === null ? null : (weights.actual?.[canary] ?? null)
  const parts = [
    `${rollout ?? service}${tag === null ? '' : ` ${clean(tag, 60)}`}`,
    phaseWord(view),
    ...(step === null ? [] : [`step ${step.number}/${step.of}`]),
    ...(weight === null ? [] : [`canary ${weight} %`]),
  ]
  const reasons = [heldText(view) ?? '', reasonAfter(phaseWord(view), clean(trouble ?? why, 400))].filter(
    (part) => part !== '',
  )
  return `${time} ${parts.join(' · ')}: ${reasons.join('; ')}`
}

/** What makes a new line worth printing: all but figures and times, which change with every look. */
export function changeOf(view: ServiceView): string {
  const { rollout, phase, outcome, step, canary, weights, gate, freeze, trouble, why } = view
  const weight = canary === null ? null : (weights.actual?.[canary] ?? null)
  const isJudged = phase === 'progressing'
  const reason = isJudged ? /^[^:]*/.exec(why)?.[0] : why
  return JSON.stringify([rollout, phase, outcome, step, weight, gate?.given.length, freeze?.id, trouble, reason])
}
