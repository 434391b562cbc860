import type { TraceEvent } from '../trial/trace.ts'
import type { Check } from './check.ts'
import { checkDeadlines } from './l1-deadlines.ts'
import { checkConverges } from './l2-converges.ts'
import { checkRollback } from './l3-rollback.ts'
import { checkWakeUps } from './l4-wake-ups.ts'
import { checkPoison } from './l5-poison.ts'
import { checkBreakGlass } from './l6-break-glass.ts'
import { checkNext } from './l7-next.ts'
import { checkWeights } from './s01-weights.ts'
import { checkFencing } from './s02-fencing.ts'
import { checkPlan } from './s03-plan.ts'
import { checkUnclear } from './s04-unclear.ts'
import { checkNoWayBack } from './s05-no-way-back.ts'
import { checkDrained } from './s06-drained.ts'
import { checkWayBack } from './s07-way-back.ts'
import { checkDigest } from './s08-digest.ts'
import { checkOneRollout } from './s09-one-rollout.ts'
import { checkNotices } from './s10-notices.ts'
import { checkOnce } from './s10-once.ts'
import { checkNothingLost } from './s11-nothing-lost.ts'
import { checkForeignEdits } from './s12-foreign-edits.ts'
import { checkAuditChain } from './s13-audit-chain.ts'
import { checkPrincipals } from './s14-principals.ts'
import { checkNeighbours } from './s15-neighbours.ts'
import { checkClocks } from './s16-clocks.ts'
import { checkSecrets } from './s17-secrets.ts'
import { checkStatic } from './s18-static.ts'

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
  checkNotices,
  checkNothingLost,
  checkForeignEdits,
  checkAuditChain,
  checkPrincipals,
  checkNeighbours,
  checkClocks,
  checkSecrets,
  checkStatic,
  checkDeadlines,
  checkConverges,
  checkRollback,
  checkWakeUps,
  checkPoison,
  checkBreakGlass,
  checkNext,
]

/** Says whom an event tells something: those who follow its kind, and at the first of a moment those whose promise time may break. */
export function createRounds(checks: readonly Check[]): (event: TraceEvent) => readonly Check[] {
  const known = new Map<TraceEvent['kind'], { readonly first: readonly Check[]; readonly later: readonly Check[] }>()
  const roundOf = (kind: TraceEvent['kind']) => {
    const first = checks.filter(({ kinds, timed = false }) => timed || kinds.includes(kind))
    const round = { first, later: first.filter(({ kinds }) => kinds.includes(kind)) }
    known.set(kind, round)
    return round
  }
  let now = Number.NEGATIVE_INFINITY
  return ({ kind, at }) => {
    const { first, later } = known.get(kind) ?? roundOf(kind)
    if (at === now) return later
    now = at
    return first
  }
}

/** Every check that there is, each with nothing seen yet: one set watches one seed. */
export function createChecks(): readonly Check[] {
  return ALL.map((create) => create())
}
