import { createHash } from 'node:crypto'
import type { ServiceKey } from '../../core/service.ts'
import { Fault } from '../../errors.ts'

/** A half-open range of row keys: from `from` (inclusive) to `to` (exclusive). */
export interface KeyRange {
  readonly from: string
  readonly to: string
}

const LAST_MS = 9_999_999_999_999
const LAST_ROLLOUT = 999_999
/** Sorts before every time, and within every range of due rows. */
const URGENT = 'd!!'
const NAME = /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/

/** True where `name` may stand in a key. Container Apps' rule; it also keeps out what Table Storage forbids (`/ \ # ?`). */
export function isName(name: string): boolean {
  return NAME.test(name)
}

/** Refuses a key that Table Storage would refuse, or that would reach into another service's rows. Throws Fault `malformed`. */
export function checkKey(key: ServiceKey): void {
  checkName('environment', key.environment)
  checkName('service', key.name)
}

/** Refuses a name that cannot stand in a key. Throws Fault `malformed`. */
export function checkName(what: 'environment' | 'service', name: string): void {
  if (isName(name)) return
  const rule = 'use 2 to 32 lower-case letters, digits and dashes, a letter first and no dash last'
  throw new Fault('malformed', `The ${what} name ${JSON.stringify(name)} cannot be stored: ${rule}.`)
}

/** Row of a service's state. */
export function serviceRowKey(name: string): string {
  return `s!${name}`
}

/** The service of a service row. */
export function nameOfService(rowKey: string): string {
  return rowKey.slice(rowKey.lastIndexOf('!') + 1)
}

/** All services of a partition, by name. */
export const SERVICE_RANGE: KeyRange = { from: 's!', to: 's!~' }

/** Row of a rollout; the newest (highest number, up to 999 999) sorts first within its service. */
export function rolloutRowKey(name: string, number: number): string {
  return `r!${name}!${sixDigits(LAST_ROLLOUT - number)}`
}

/** All rollouts of a service, newest first, and nothing of the judge's. */
export function rolloutRange(name: string): KeyRange {
  return { from: `r!${name}!0`, to: `r!${name}!~` }
}

/**
 * Row of what the judge remembers of a rollout. These rows lie before the rollouts of their service and count up where
 * those count down, so that the newest of both are neighbours.
 */
export function judgeRowKey(name: string, number: number): string {
  return `r!${name}!!${sixDigits(number)}`
}

/** A service's newest rollout, number `number`, and its judge's row: one query reads both, as they stood at one moment. */
export function newestRange(name: string, number: number): KeyRange {
  return { from: judgeRowKey(name, number), to: `${rolloutRowKey(name, number)}!` }
}

/** Row of the buckets that the judge absorbed as its state was stored for the `judged`-th time; the oldest first. */
export function bucketRowKey(name: string, number: number, judged: number): string {
  return `${bucketPrefix(name, number)}${String(judged).padStart(9, '0')}`
}

/** All buckets of a rollout, in the order in which they were absorbed. */
export function bucketRange(name: string, number: number): KeyRange {
  return { from: bucketPrefix(name, number), to: `${bucketPrefix(name, number)}~` }
}

/** Row that says when a service wants to be looked at; rows sort by that time, urgent ones before all others. Epoch milliseconds. */
export function dueRowKey(wakeAt: number, name: string, isUrgent = false): string {
  return `${isUrgent ? URGENT : 'd!'}${padded(wakeAt)}!${name}`
}

/** When the look of a due row is due, epoch milliseconds, and whether it is urgent. */
export function timeOfDue(rowKey: string): { readonly at: number; readonly isUrgent: boolean } {
  const isUrgent = rowKey.startsWith(URGENT)
  return { at: Number.parseInt(rowKey.slice(isUrgent ? URGENT.length : 2), 10), isUrgent }
}

/** The service of a due row. */
export function nameOfDue(rowKey: string): string {
  return rowKey.slice(rowKey.lastIndexOf('!') + 1)
}

/** All due rows at or before `until`, earliest first, and before them all urgent ones: also those whose time comes later. */
export function dueRange(until: number): KeyRange {
  return { from: 'd!', to: `d!${padded(until)}!~` }
}

/**
 * Row of an audit entry: newest first; within one millisecond by service, then by falling number. `name` null = of the
 * environment's own chain, before those of its services.
 */
export function auditRowKey(name: string | null, happenedAt: number, seq: number): string {
  return `a!${inverted(happenedAt)}!${name ?? ''}!${inverted(seq)}`
}

/** Row that says how far the search for lost due rows has come. */
export const MEND_ROW = 'm!mend'

/** Services of a partition that come after a name ('' = all), by name. */
export function servicesAfter(name: string): KeyRange {
  return name === '' ? SERVICE_RANGE : { from: `s!${name}!`, to: SERVICE_RANGE.to }
}

/** Row of an environment's freezes, and of the head of its own audit chain. */
export const FREEZES_ROW = 'e!freezes'

/** Row of a digest of the audit: the newest (highest number) first. */
export function digestRowKey(number: number): string {
  return `g!${inverted(number)}`
}

/** All digests of an environment, newest first. */
export const DIGEST_RANGE: KeyRange = { from: 'g!', to: 'g!~' }

/** Row of what was removed from the audit: the newest (highest number) first. */
export function cutRowKey(number: number): string {
  return `h!${inverted(number)}`
}

/** All cuts of an environment's audit, newest first. */
export const CUT_RANGE: KeyRange = { from: 'h!', to: 'h!~' }

/** Row of how far the night's check of the audit is. */
export const NIGHT_ROW = 'n!audit'

/** All audit rows that happened in `[since, until)`, newest first; absent = open. */
export function auditRange(since: number | undefined, until: number | undefined): KeyRange {
  return {
    from: until === undefined ? 'a!' : `a!${inverted(until - 1)}!`,
    to: since === undefined ? 'a!~' : `a!${inverted(since)}!~`,
  }
}

/** Row of a command's answer. The id comes from outside, so that only its hash enters the key. */
export function commandRowKey(name: string, commandId: string): string {
  return `c!${name}!${hashed(commandId)}`
}

/** Partition of an image source in the index table. */
export function sourcePartition(registry: string, repository: string): string {
  return hashed(`${registry}/${repository}`)
}

/** Row of a service in the index table. */
export function sourceRowKey(key: ServiceKey): string {
  return `${key.environment}!${key.name}`
}

const DAY_MS = 86_400_000

/** Partition of an event: one per UTC day, the newest day first, so that old days can be thrown away whole. */
export function eventPartition(receivedAt: number): string {
  return inverted(Math.floor(receivedAt / DAY_MS) * DAY_MS)
}

/** Row of an event: newest first. The same delivery recorded again has the same key. */
export function eventRowKey(receivedAt: number, id: string): string {
  return `${inverted(receivedAt)}!${hashed(id)}`
}

function bucketPrefix(name: string, number: number): string {
  return `b!${name}!${sixDigits(LAST_ROLLOUT - number)}!`
}

function sixDigits(number: number): string {
  return String(number).padStart(6, '0')
}

function padded(ms: number): string {
  return String(Math.min(Math.max(Math.ceil(ms), 0), LAST_MS)).padStart(13, '0')
}

function inverted(value: number): string {
  return padded(LAST_MS - value)
}

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40)
}
