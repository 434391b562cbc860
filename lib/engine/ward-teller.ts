import type { AuditDraft } from '../core/audit.ts'
import { sealAs } from '../core/chain.ts'
import { type Told, toldWith } from '../core/quarantine-row.ts'
import { Fault } from '../errors.ts'
import type { Clock, Freezes } from '../ports.ts'
import { ATTEMPTS } from './attempts.ts'

/** Writes a row into an environment's audit, once for each id, whoever brings it how often. Throws Fault. */
export type Tell = (environment: string, id: string, row: AuditDraft) => Promise<void>

/** What writing it needs. */
export interface Chains {
  /** Where the environments' own audit chains lie. */
  readonly freezes: Freezes
  readonly clock: Clock
  /** SHA-256 of a text, hex. */
  readonly digest: (text: string) => string
}

interface Telling {
  readonly id: string
  readonly row: AuditDraft
  readonly end: (error: unknown) => void
}

/** Rows of one commit: a transaction holds a hundred, the head of the chain among them. */
const MOST_AT_ONCE = 50

/** One process's own: what comes while an environment's chain is written is written together next, for each commit moves the chain. */
export function createTeller(chains: Chains): Tell {
  const lines = new Map<string, Telling[]>()
  const work = async (environment: string, line: Telling[]) => {
    while (line.length > 0) {
      const batch = line.splice(0, MOST_AT_ONCE)
      const error = await tellAll(chains, environment, batch).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      for (const { end } of batch) end(error)
    }
    lines.delete(environment)
  }
  return (environment, id, row) =>
    new Promise((resolve, reject) => {
      const telling = { id, row, end: (error: unknown) => (error === null ? resolve() : reject(error)) }
      const line = lines.get(environment)
      if (line !== undefined) return void line.push(telling)
      const own = [telling]
      lines.set(environment, own)
      void work(environment, own)
    })
}

async function tellAll(
  { freezes, clock, digest }: Chains,
  environment: string,
  batch: readonly Telling[],
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { chain, token, freezes: kept, lifted = [], told: before = [] } = await freezes.freezesOf(environment)
    const now = clock.now()
    const { told, rows } = untold(before, batch, now)
    if (rows.length === 0) return
    const sealed = sealAs(environment, chain, rows, now, digest)
    const change = { environment, token, freezes: kept, lifted, told, chain: sealed.chain, audit: sealed.rows }
    if ((await freezes.commitFreezes(change)) === 'saved') return
  }
  throw new Fault('conflict', `the audit of ${environment} changed ${ATTEMPTS} times meanwhile; send it again`)
}

function untold(before: readonly Told[], batch: readonly Telling[], now: number) {
  let told = before
  const rows = batch.flatMap(({ id, row }) => {
    const next = toldWith(told, id, now)
    told = next ?? told
    return next === null ? [] : [row]
  })
  return { told, rows }
}
