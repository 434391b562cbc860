import type { AuditDraft, AuditKind } from '../core/audit.ts'
import { sealAs } from '../core/chain.ts'
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

/** Writes one row into the environment's own chain; its freezes stay as they are. Throws Fault. */
export async function noteOn(wheel: Wheel, environment: string, row: EnvironmentRow): Promise<void> {
  const draft = { ...row, rollout: null, step: null, weightsBefore: null, weightsAfter: null, evidence: [] }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { freezes, lifted = [], told = [], chain, token } = await wheel.freezes.freezesOf(environment)
    const sealed = sealAs(environment, chain, [draft], wheel.clock.now(), wheel.digest)
    const change = { environment, token, freezes, lifted, told, chain: sealed.chain, audit: sealed.rows }
    if ((await wheel.freezes.commitFreezes(change)) === 'saved') return
  }
  throw new Fault('conflict', `the audit of ${environment} changed ${ATTEMPTS} times meanwhile; try again`)
}
