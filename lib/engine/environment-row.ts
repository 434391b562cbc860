import type { AuditDraft, AuditKind } from '../core/audit.ts'
import { sealAs } from '../core/chain.ts'
import { toldWith } from '../core/quarantine-row.ts'
import { Fault } from '../errors.ts'
import type { Wheel } from './wheel.ts'

/** How often the loser of a race tries again: much may happen to an environment at once. */
const ATTEMPTS = 40

/** What a row of an environment's own chain says; the rest is nothing. */
export interface EnvironmentRow {
  readonly kind: AuditKind
  readonly metric: string
  readonly value: number | null
  readonly notes: string
  readonly actor: string
  readonly detail: AuditDraft['detail']
}

/**
 * Writes one row into the environment's own chain; its freezes stay as they are. With an id (`once`) it does nothing where a row of
 * that id was written in the last days: whoever died right after it brings it again. Throws Fault.
 */
export async function noteOn(
  wheel: Wheel,
  environment: string,
  row: EnvironmentRow,
  once: string | null = null,
): Promise<void> {
  const draft = { ...row, rollout: null, step: null, weightsBefore: null, weightsAfter: null, evidence: [] }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { freezes, lifted = [], told: before = [], chain, token } = await wheel.freezes.freezesOf(environment)
    const told = once === null ? before : toldWith(before, once, wheel.clock.now())
    if (told === null) return
    const sealed = sealAs(environment, chain, [draft], wheel.clock.now(), wheel.digest)
    const change = { environment, token, freezes, lifted, told, chain: sealed.chain, audit: sealed.rows }
    if ((await wheel.freezes.commitFreezes(change)) === 'saved') return
  }
  throw new Fault('conflict', `the audit of ${environment} changed ${ATTEMPTS} times meanwhile; try again`)
}
