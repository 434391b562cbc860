import type { Action, AppSeen } from '../../../lib/core/app.ts'
import type { AuditKind } from '../../../lib/core/audit.ts'
import { type Decision, decide } from '../../../lib/core/decide/decide.ts'
import type { Command, Facts } from '../../../lib/core/facts.ts'
import type { Phase, Rollout } from '../../../lib/core/rollout.ts'
import { facts } from '../../support/builders.ts'

/** Decides on one look at `app`. */
export function look(
  rollout: Rollout,
  app: AppSeen | null,
  overrides: Partial<Facts> = {},
  command: Command | null = null,
): Decision {
  return decide(rollout, facts(app, overrides), command)
}

export function kinds(decision: Pick<Decision, 'rows'>): readonly AuditKind[] {
  return decision.rows.map((row) => row.kind)
}

/** The phase as a short word: `progressing 1`, `paused gate`, `finished promoted`, or its kind. */
export function phaseOf(rollout: Rollout): string {
  const { phase } = rollout
  return `${phase.kind}${detailOf(phase)}`
}

function detailOf(phase: Phase): string {
  switch (phase.kind) {
    case 'progressing':
      return ` ${phase.stage}`
    case 'paused':
      return ` ${phase.why}`
    case 'rolling-back':
    case 'finished':
      return ` ${phase.outcome}`
    default:
      return ''
  }
}

/** What weights the deeds ask for: revision → weight, of the only traffic write; null = none. */
export function asked(actions: readonly Action[]): Readonly<Record<string, number>> | null {
  for (const action of actions) {
    if (action.kind !== 'set-traffic' && action.kind !== 'repair') continue
    const weights: Record<string, number> = {}
    for (const { revision, weight } of action.traffic)
      weights[revision ?? 'latest'] = (weights[revision ?? 'latest'] ?? 0) + weight
    return weights
  }
  return null
}
