import {
  endOf,
  holdsService,
  isDueAgain,
  isNews,
  isResting,
  type Quarantined,
  quarantinedAs,
  type Suspect,
} from '../../lib/core/quarantine.ts'
import { owing, quarantineRow } from '../../lib/core/quarantine-row.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** When it is met now. */
const NOW = 1_000 * DAY

const ROW: Suspect = {
  kind: 'row',
  what: 'service',
  place: 'State/production/s!pricing',
  environment: 'production',
  service: 'pricing',
  field: 'schema',
  why: 'schema 2, known is 1',
  holds: true,
  content: null,
}
const MESSAGE: Suspect = {
  ...ROW,
  kind: 'message',
  what: 'delivery',
  place: 'slipway-intake',
  service: null,
  field: null,
  why: 'no push',
  holds: false,
  content: '{}',
}
const SERVICE: Suspect = {
  ...ROW,
  kind: 'service',
  what: 'turn',
  place: 'production/pricing',
  field: null,
  why: 'TypeError: x',
  holds: false,
}
/** What is met, by its name. */
const SUSPECTS: Readonly<Record<string, Suspect>> = {
  'a row': ROW,
  'a row that holds nobody': { ...ROW, holds: false },
  'a message': MESSAGE,
  'a service': { ...SERVICE, mayGoBack: false },
  'a service that may go back': { ...SERVICE, mayGoBack: true },
}

/** What was kept of it before, by its name; each came ten days ago, and was tried an hour ago for the ninth time. */
const STATES: Readonly<Record<string, Partial<Quarantined> | null>> = {
  new: null,
  known: {},
  'known with four reasons': { reasons: ['1', '2', '3', '4'] },
  'known with five reasons': { reasons: ['1', '2', '3', '4', '5'] },
  'known for this reason': { reasons: ['1', ROW.why, MESSAGE.why, SERVICE.why] },
  'known from an older build': { reasons: undefined, owed: undefined, tellings: undefined } as never,
  'known to hold its service': { holds: true },
  awake: { nextTryAt: null },
  'sent again': { state: 'redriven', redriven: { by: 'bo', at: NOW - 2 * DAY } },
  dismissed: { state: 'dismissed', dismissed: { by: 'kim', at: NOW - 3 * DAY, reason: 'old' }, nextTryAt: null },
  released: { releasedAt: NOW - 5 * MINUTE },
  'dismissed and released': {
    state: 'dismissed',
    dismissed: { by: 'kim', at: NOW - 3 * DAY, reason: 'old' },
    releasedAt: NOW - 5 * MINUTE,
  },
}

function knownAs(suspect: Suspect, changes: Partial<Quarantined>): Quarantined {
  const first = quarantinedAs('q-1', { ...suspect, why: 'another reason' }, null, NOW - 10 * DAY)
  const owed = owing(first, quarantineRow('quarantine-added', first, 'slipway'), ['production'], NOW - 10 * DAY)
  const [nextTryAt, triedAt] = [first.nextTryAt === null ? null : NOW - 45 * MINUTE, NOW - 60 * MINUTE]
  return { ...owed, tries: 9, triedAt, nextTryAt, ...changes }
}

/** What becomes of each suspect for each of the states that it may be known in, a paragraph for each suspect. */
export function meetings(): readonly string[] {
  return Object.entries(SUSPECTS).flatMap(([title, suspect]) => [
    `## ${title}`,
    ...Object.entries(STATES).map(([name, changes]) => {
      const known = changes === null ? null : knownAs(suspect, changes)
      return `${name}: ${met(quarantinedAs('q-1', suspect, known, NOW), known)}`
    }),
  ])
}

function met(item: Quarantined, known: Quarantined | null): string {
  const { state, since, triedAt, tries, nextTryAt, redriven, dismissed, reasons, owed, tellings, holds, releasedAt } =
    item
  return [
    state,
    `since ${ago(since)}`,
    `tried ${ago(triedAt)}, ${tries} in all, next ${nextTryAt === null ? 'never' : ago(nextTryAt)}`,
    ...(redriven === null ? [] : [`sent again by ${redriven.by} ${ago(redriven.at)}`]),
    ...(dismissed === null ? [] : [`dismissed by ${dismissed.by} ${ago(dismissed.at)}: ${dismissed.reason}`]),
    `told of ${reasons?.join(' | ')}`,
    `owes ${owed?.length} of ${tellings}`,
    ...(holds ? ['holds'] : []),
    ...(releasedAt === undefined ? [] : ['released']),
    isNews(item, known) ? 'NEWS' : 'no news',
  ].join('; ')
}

function ago(at: number): string {
  const minutes = (at - NOW) / MINUTE
  if (minutes === 0) return 'now'
  const far = Math.abs(minutes) >= 1440 ? `${Math.abs(minutes) / 1440} d` : `${Math.abs(minutes)} min`
  return minutes < 0 ? `${far} ago` : `in ${far}`
}

/** Items as they are kept, by their name. */
const KEPT: Readonly<Record<string, Partial<Quarantined>>> = {
  waiting: {},
  'waiting for nobody to try it': { nextTryAt: null },
  'of no service': { service: null },
  'sent again two days before': { state: 'redriven', redriven: { by: 'bo', at: NOW - 2 * DAY }, nextTryAt: null },
  'sent again by nobody': { state: 'redriven' },
  'dismissed two days later': {
    state: 'dismissed',
    dismissed: { by: 'kim', at: NOW + 2 * DAY, reason: 'old' },
    nextTryAt: null,
  },
  'dismissed five days before': {
    state: 'dismissed',
    dismissed: { by: 'kim', at: NOW - 5 * DAY, reason: 'old' },
    nextTryAt: null,
  },
  'dismissed by nobody': { state: 'dismissed', nextTryAt: null },
  released: { releasedAt: NOW },
  'dismissed and released': { state: 'dismissed', releasedAt: NOW },
  'sent again and released': { state: 'redriven', releasedAt: NOW },
}

/** Moments after an item was tried last, among them both sides of each bound. */
const MOMENTS = [
  -15 * MINUTE,
  -14 * MINUTE - 1,
  -14 * MINUTE,
  0,
  MINUTE - 1,
  MINUTE,
  DAY,
  DAY + 1,
  5 * DAY,
  5 * DAY + 1,
  7 * DAY,
  7 * DAY + 1,
  30 * DAY,
  30 * DAY + 1,
  32 * DAY,
  32 * DAY + 1,
]

/** What becomes of each kept item when its time comes: the moments at which its answer is another than before. */
export function lives(): readonly string[] {
  return Object.entries(SUSPECTS).flatMap(([title, suspect]) => [
    `## ${title}`,
    ...Object.entries(KEPT).map(([name, changes]) => {
      const item = { ...quarantinedAs('q-1', suspect, null, NOW), ...changes }
      const told = MOMENTS.map((later) => [lengthText(later), answers(item, NOW + later)] as const)
      const turns = told.filter(([, words], at) => words !== told[at - 1]?.[1])
      return `${name}${holdsService(item) ? ' (held)' : ''}: ${turns.map((turn) => turn.join(' ')).join('; ')}`
    }),
  ])
}

function answers(item: Quarantined, now: number): string {
  const words = [isResting(item, now) ? 'rests' : '', isDueAgain(item, now) ? 'due' : '', endOf(item, now) ?? '']
  return words.filter((word) => word !== '').join('+') || '-'
}

function lengthText(ms: number): string {
  const whole = Math.floor(ms / MINUTE)
  const rest = ms - whole * MINUTE
  const text = whole >= 1440 ? `${whole / 1440} d` : `${whole} min`
  return rest === 0 ? text : `${text} and ${rest} ms`
}
