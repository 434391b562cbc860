import type { Trouble } from '../app.ts'
import type { AuditRow } from '../audit.ts'
import { duration } from '../format.ts'
import { entityId, type ServiceState } from '../service.ts'
import { assignRole, type Names, storageScope } from './commands.ts'
import { type Finding, fine, INSTALLATION, refused, wrong } from './finding.ts'

/** What a table or queue answered to a read, and to a write that changes nothing. */
export interface StorageAnswer {
  readonly kind: 'table' | 'queue'
  readonly name: string
  /** What it refused; null = nothing. */
  readonly trouble: Trouble | null
  /** Messages that nobody could act on, in the poison queue beside a queue; 0 for tables. */
  readonly poisoned: number
  /** Storage's own clock as its answer told it, epoch milliseconds, and ours at that moment; null where it told none. */
  readonly time: { readonly theirs: number; readonly ours: number } | null
}

/** How far clocks may be apart before anybody notices, and before tokens and signatures fail (Entra allows five minutes). */
const SKEW_MS = { warning: 30_000, error: 240_000 } as const
/** How late a due look may be: the timer runs every minute. */
export const LATE_MS = 5 * 60_000

/** Whether tables and queues can be read and written, whether poison queues are empty, and whether clocks agree. */
export function storageFindings(answers: readonly StorageAnswer[], names: Names): readonly Finding[] {
  return [...answers.flatMap((answer) => placeFindings(answer, names)), clockFinding(answers)]
}

function placeFindings({ kind, name, trouble, poisoned }: StorageAnswer, names: Names): readonly Finding[] {
  const of = { check: `storage-${kind}`, subject: INSTALLATION }
  const role = kind === 'table' ? 'Storage Table Data Contributor' : 'Storage Queue Data Contributor'
  const create = `az storage ${kind} create -n ${name} --account-name ${names.account ?? '<storage account>'} --auth-mode login`
  const fix = trouble?.kind === 'not-found' ? create : assignRole(names, role, storageScope(names))
  const found = [trouble === null ? fine(of, `the ${kind} ${name} can be read and written`) : refused(of, trouble, fix)]
  if (kind === 'table' || trouble !== null) return found
  const poison = { check: 'poison-queue', subject: INSTALLATION }
  if (poisoned === 0) return [...found, fine(poison, `${name}-poison is empty`)]
  const peek = `az storage message peek --queue-name ${name}-poison --num-messages 32 --account-name ${names.account ?? '<storage account>'} --auth-mode login`
  const lie = poisoned === 1 ? '1 message lies' : `${poisoned} messages lie`
  const message = `${lie} in ${name}-poison, which nobody could act on and nobody has written down yet`
  return [...found, wrong(poison, 'warning', message, peek)]
}

function clockFinding(answers: readonly StorageAnswer[]): Finding {
  const of = { check: 'clock', subject: INSTALLATION }
  const apart = answers.flatMap(({ time }) => (time === null ? [] : [Math.abs(time.theirs - time.ours)]))
  if (apart.length === 0) return wrong(of, 'unknown', 'storage did not say what time it is')
  // A slow answer makes clocks seem apart; the closest of several tells best.
  const least = Math.min(...apart)
  if (least < SKEW_MS.warning) return fine(of, 'the clocks of this app and of storage agree')
  const message = `the clocks of this app and of storage are ${duration(least)} apart; tokens fail at five minutes`
  return wrong(of, least < SKEW_MS.error ? 'warning' : 'error', message)
}

/** Whether the sweep is alive: `late` are services that were due five minutes ago and were not looked at. */
export function heartbeatFinding(environment: string, late: readonly string[], { site }: Names): Finding {
  const of = { check: 'heartbeat', subject: environment }
  if (late.length === 0) return fine(of, 'everything that is due is looked at')
  const named = `${late.slice(0, 5).join(', ')}${late.length > 5 ? ' and others' : ''}`
  const message = `${named} should have been looked at more than ${duration(LATE_MS)} ago: the timer does not run, or the row cannot be read (see the app's log)`
  return wrong(
    of,
    'error',
    message,
    `az functionapp restart -n ${site?.name ?? '<function app>'} -g ${site?.group ?? '<resource group>'}`,
  )
}

/** What counts as late for `heartbeatFinding`, epoch milliseconds. */
export function lateSince(now: number): number {
  return now - LATE_MS
}

/**
 * Whether the newest audit rows are the heads of their services' chains. `rows` are the newest of the environment, read
 * after the services; a chain whose head is older than all of them is passed over.
 */
export function chainFinding(
  environment: string,
  services: readonly ServiceState[],
  rows: readonly AuditRow[],
): Finding {
  const of = { check: 'audit-chain', subject: environment }
  const broken = services.filter(({ key, chain }) => {
    const mine = rows.filter((row) => row.entityId === entityId(key))
    const newest = mine.reduce((most, { seq }) => Math.max(most, seq), 0)
    const head = mine.find(({ seq }) => seq === chain.seq)
    return mine.length > 0 && (newest < chain.seq || (head !== undefined && head.hash !== chain.hash))
  })
  if (broken.length === 0) return fine(of, 'the newest audit rows are the heads of their chains')
  const named = broken.map(({ key }) => entityId(key)).join(', ')
  const message = `the audit of ${named} does not end where the service says it does: rows were lost or changed`
  return wrong(of, 'error', message, `slipway audit verify --environment ${environment}`)
}
