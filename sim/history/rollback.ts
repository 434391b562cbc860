import type { Row } from './line.ts'
import type { Rollout } from './rollout.ts'

/** What may end a rollout besides a verdict and a person, by the words of its row. */
const REASONS: readonly (readonly [string, RegExp])[] = [
  ['health', / is not healthy \(| restarted .+ times within | could not start: /],
  ['deadline', / was not ready within |nobody opened the gate of step \d+ within /],
  ['unclear too long', / stayed \S+ for .+ after its bake: /],
  ['blind too long', /^the KPIs could not be read for /],
  ['Azure', /^Azure could not make | exists already with another image /],
  ['newer push', / supersedes /],
]

/** By what a rollback was licensed, or what is wrong with it. */
export function judgeRollback(
  row: Row,
  beside: readonly Row[],
  rollout: Rollout,
): { readonly by: string; readonly wrongs: readonly string[] } {
  if (row.actor !== 'slipway') return { by: 'person', wrongs: [] }
  const failing = row.evidence.filter(({ verdict, role }) => verdict === 'fail' && role !== 'advisory')
  if (failing.length > 0) {
    const began = rollout.step?.happenedAt ?? Number.POSITIVE_INFINITY
    const foreign = failing.filter(({ revision }) => revision !== rollout.canary)
    const future = failing.filter(({ to }) => to > row.happenedAt + rollout.plan.bucketMs)
    const wrongs = [
      ...(began > row.happenedAt ? ['no step had begun in which a KPI could fail'] : []),
      ...foreign.map(({ kpi, revision }) => `${kpi} failed on ${revision}, which is not its canary`),
      ...future.map(({ kpi }) => `${kpi} has a window that ends after the decision`),
    ]
    return { by: 'failing KPI', wrongs }
  }
  if (beside.some(({ kind, actor }) => kind === 'undo-requested' && actor !== 'slipway'))
    return { by: 'person', wrongs: [] }
  const reason = REASONS.find(([, words]) => words.test(row.notes))
  if (reason?.[0] === 'newer push' && !beside.some(({ kind }) => kind === 'push-queued'))
    return { by: 'newer push', wrongs: ['no row beside it tells of the push that it gives way to'] }
  return reason === undefined
    ? { by: 'nothing', wrongs: ['no KPI failed, no person asked for it, and it names no deadline and no illness'] }
    : { by: reason[0], wrongs: [] }
}
