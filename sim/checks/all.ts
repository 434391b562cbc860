import type { Check } from './check.ts'
import { checkWeights } from './s01-weights.ts'
import { checkFencing } from './s02-fencing.ts'
import { checkPlan } from './s03-plan.ts'
import { checkUnclear } from './s04-unclear.ts'
import { checkNoWayBack } from './s05-no-way-back.ts'
import { checkDrained } from './s06-drained.ts'
import { checkWayBack } from './s07-way-back.ts'
import { checkDigest } from './s08-digest.ts'
import { checkOneRollout } from './s09-one-rollout.ts'
import { checkOnce } from './s10-once.ts'
import { checkNothingLost } from './s11-nothing-lost.ts'
import { checkAuditChain } from './s13-audit-chain.ts'
import { checkClocks } from './s16-clocks.ts'

const ALL: readonly (() => Check)[] = [
  checkWeights,
  checkFencing,
  checkPlan,
  checkUnclear,
  checkNoWayBack,
  checkDrained,
  checkWayBack,
  checkDigest,
  checkOneRollout,
  checkOnce,
  checkNothingLost,
  checkAuditChain,
  checkClocks,
]

/** Every check that there is, each with nothing seen yet: one set watches one seed. */
export function createChecks(): readonly Check[] {
  return ALL.map((create) => create())
}
