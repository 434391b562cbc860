import type { AuditRow } from '../../lib/core/audit.ts'
import type { Manifest, Stage } from '../../lib/core/service.ts'
import type { TraceEvent } from '../trial/trace.ts'
import { createPairs } from './pairs.ts'

/** A rollout came to a later step, or to its end, and how it stood before. */
export interface Advance {
  readonly row: AuditRow
  readonly manifest: Manifest
  readonly stages: readonly Stage[]
  /** The step that is over, from 1; 0 = none was begun. */
  readonly from: number
  /** Whether a person ordered it, so that no verdict was needed. */
  readonly isByHand: boolean
  readonly canary: string | null
  /** When the weight of the step that is over was seen, as the engine says and in the world; infinite where it was not. */
  readonly since: number
  readonly sinceAt: number
}

interface Course {
  readonly stages: readonly Stage[]
  readonly manifest: Manifest
  step: number
  since: number
  sinceAt: number
}

const ORDERS: readonly string[] = ['promoted-by-hand', 'approved', 'break-glass']
const AT_ONCE: readonly Stage[] = [{ weight: 100, bakeMs: 0, gate: false }]

/** What it follows. */
export const STEPS = ['service', 'decision', 'audit'] as const

/** Follows the steps of every rollout by its audit rows. Answers what an event advanced, or null. */
export function followSteps(): (event: TraceEvent) => Advance | null {
  const manifests = new Map<string, Manifest>()
  const courses = new Map<string, Course>()
  const canaries = createPairs<string, string, string>()
  const before = new Map<string, AuditRow['kind']>()
  return (event) => {
    if (event.kind === 'service') manifests.set(event.entity, event.manifest)
    if (event.kind === 'decision') canaries.set(event.entity, event.rollout, event.canary)
    if (event.kind !== 'audit' || event.row.rollout === null) return null
    const { row } = event
    const id = `${row.entityId} ${row.rollout}`
    const manifest = manifests.get(row.entityId)
    if (row.kind === 'rollout-started' && manifest !== undefined) courses.set(id, courseOf(row, manifest))
    const course = courses.get(id)
    if (course === undefined) return null
    const isByHand = ORDERS.includes(before.get(id) ?? '')
    before.set(id, row.kind)
    if (row.kind === 'weights-confirmed') [course.since, course.sinceAt] = [row.happenedAt, event.at]
    if (row.kind !== 'step-started' && row.kind !== 'promotion-confirmed') return null
    const { stages, step: from, since, sinceAt } = course
    if (row.kind === 'step-started') {
      course.step = row.step ?? 0
      const isSame = from > 0 && stages[from - 1]?.weight === row.value && since < Number.POSITIVE_INFINITY
      const [next, nextAt] = isSame ? [row.happenedAt, event.at] : [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
      ;[course.since, course.sinceAt] = [next, nextAt]
    }
    return {
      row,
      manifest: course.manifest,
      stages,
      from,
      isByHand,
      canary: canaries.get(row.entityId, event.row.rollout) ?? null,
      since,
      sinceAt,
    }
  }
}

function courseOf({ detail }: AuditRow, manifest: Manifest): Course {
  const [since, sinceAt] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  return { stages: detail?.cause === 'undo' ? AT_ONCE : manifest.stages, manifest, step: 0, since, sinceAt }
}

/** Whether a verdict was needed: no person ordered it, and the step that is over was to be watched. */
export function isJudged({ row, stages, from, isByHand }: Advance): boolean {
  if (isByHand || from === 0) return false
  return row.kind === 'step-started' || (stages[from - 1]?.bakeMs ?? 0) > 0
}
