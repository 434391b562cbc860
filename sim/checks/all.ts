import type { Check } from './check.ts'
import { checkWeights } from './s01-weights.ts'
import { checkNoWayBack } from './s05-no-way-back.ts'
import { checkOneRollout } from './s09-one-rollout.ts'
import { checkAuditChain } from './s13-audit-chain.ts'

/** Every check that there is, each with nothing seen yet: one set watches one seed. */
export function createChecks(): readonly Check[] {
  return [checkWeights(), checkNoWayBack(), checkOneRollout(), checkAuditChain()]
}
