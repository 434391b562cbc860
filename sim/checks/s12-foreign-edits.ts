import type { AuditRow, Weights } from '../../lib/core/audit.ts'
import type { SetUpTold, TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf, type Violation } from './check.ts'
import { createPairs, type Pairs } from './pairs.ts'
import { followStale, STALE } from './stale.ts'
import { sameWeights, shared } from './weights.ts'

type Edit = TraceEvent & { readonly kind: 'edit' }
type Decision = TraceEvent & { readonly kind: 'decision' }

/** An app as a look found it. */
interface Sight {
  readonly n: number
  readonly weights: Weights
  readonly setUp: SetUpTold
}

/** What is known of one service's newest rollout. */
interface Course {
  decision: Decision
  /** Weights of the canary that were wished for, the newest last. */
  wished: readonly number[]
  /** What the last look that led to a decision saw. */
  seen: Sight | null
}

/** A decision whose rows are still to come. */
interface Awaited {
  readonly commit: number
  readonly n: number
  readonly wants: readonly string[]
  readonly after: Weights
  readonly weightsBefore: Weights
}

const PLAIN: SetUpTold = {
  mode: 'Multiple',
  sticky: false,
  followsLatest: false,
  labels: {},
  revisions: [],
  active: [],
}
const TELLS: readonly AuditRow['kind'][] = ['foreign-edit', 'late-write-corrected']
/** A clock that is off may name a time that is off, and a refusal may be waited out. */
const SLACK_MS = 60_000

/** All that is remembered. */
interface Memory {
  readonly apps: Map<string, string>
  readonly intervals: Map<string, number>
  readonly courses: Map<string, Course>
  readonly setUps: Map<string, SetUpTold>
  readonly serving: Map<string, Weights>
  readonly edits: Map<string, Edit[]>
  /** By worker and app. */
  readonly sights: Pairs<number, string, Sight>
  /** By app and worker. */
  readonly own: Pairs<string, number, Decision>
  readonly skews: Map<number, number>
  readonly foreign: Map<string, number>
  readonly late: Map<string, number>
  readonly stale: ReturnType<typeof followStale>
  awaited: Awaited | null
}

type Broken = (says: string, n?: number) => void

/**
 * S12: what a hand changes at an app whose rollout is under way or watched is written down, with both sides, with the first
 * decision that rests on a look after it; a look is never further off than one interval; while hands are kept off, and after
 * the end, nobody overwrites what a hand gave, unless it was taken for a late write and this was written down.
 */
export function checkForeignEdits(): Check {
  const memory: Memory = {
    apps: new Map(),
    intervals: new Map(),
    courses: new Map(),
    setUps: new Map(),
    serving: new Map(),
    edits: new Map(),
    sights: createPairs(),
    own: createPairs(),
    skews: new Map(),
    foreign: new Map(),
    late: new Map(),
    stale: followStale(),
    awaited: null,
  }
  return checkOf({
    invariant: 'S12',
    kinds: [...STALE, 'service', 'wake', 'traffic', 'edit', 'arm-read', 'decision', 'audit', 'arm-write', 'end'],
    see: (event) => {
      const found: Violation[] = []
      const broken: Broken = (says, n = event.n) => {
        found.push({ invariant: 'S12', says: `${says}, at ${new Date(event.at).toISOString()}`, n })
      }
      memory.stale.see(event)
      settled(memory, event, broken)
      found.push(...happened(memory, event, broken))
      return found
    },
    end: () => [],
  })
}

function decided(memory: Memory, event: Decision): readonly Violation[] {
  const { apps, intervals, courses, edits, sights, own, skews } = memory
  const app = apps.get(event.entity) ?? ''
  const known = courses.get(event.entity)
  const isSame = known?.decision.rollout === event.rollout
  const sight = sights.get(event.worker, app) ?? null
  const wished = isSame ? known.wished : []
  const weight = event.canaryWeight
  const isNew = weight !== null && wished.at(-1) !== weight
  const before = isSame && known.decision.stable !== null ? known.seen : null
  // What ARM shows of the past nobody can write down.
  if (before !== null && sight !== null && sight.n > before.n && memory.stale.since(event.entity) === null) {
    const met = (edits.get(app) ?? []).filter((edit) => edit.n > before.n && edit.n < sight.n)
    const wants = met.length === 0 ? [] : differences(before, sight, met, known as Course)
    const { commit, n } = event
    memory.awaited =
      wants.length === 0 ? null : { commit, n, wants, after: sight.weights, weightsBefore: before.weights }
  }
  const seen = sight !== null && (before === null || sight.n > before.n) ? sight : before
  courses.set(event.entity, { decision: event, wished: isNew ? [...wished, weight] : wished, seen })
  own.set(app, event.worker, event)
  return tooFar(event, intervals.get(event.entity) ?? 0, skews.get(event.worker) ?? 0)
}

function overwritten(
  { own, late, foreign }: Memory,
  event: TraceEvent & { readonly kind: 'arm-write' },
): string | null {
  const mine = own.get(event.app, event.worker)
  if (event.asked.weights === null || mine === undefined) return null
  if (mine.canaryWeight === null) return `while ${mine.rollout} was to keep its hands off`
  if (mine.phase !== 'finished') return null
  const isLate = (late.get(event.app) ?? 0) > (foreign.get(event.app) ?? 0)
  return isLate || !foreign.has(event.app) ? null : `after the end of ${mine.rollout}, over what a hand had given`
}

/** Whether the rows of a decision tell of what it saw. */
function settled(memory: Memory, event: TraceEvent, broken: Broken): void {
  const { awaited } = memory
  if (awaited !== null) {
    const isMine = event.kind === 'audit' && event.commit === awaited.commit
    if (isMine && TELLS.includes(event.row.kind)) {
      for (const wrong of oneSided(event.row, awaited)) broken(wrong)
      memory.awaited = null
    } else if (!isMine) {
      broken(`${awaited.wants.join(' and ')} was seen by a decision and not written down`, awaited.n)
      memory.awaited = null
    }
  }
}

/** Takes in what happened, and whether it broke anything. */
function happened(memory: Memory, event: TraceEvent, broken: Broken): readonly Violation[] {
  const { apps, intervals, setUps, serving, edits, sights, skews, foreign, late } = memory
  switch (event.kind) {
    case 'service':
      apps.set(event.entity, event.app)
      intervals.set(event.entity, event.manifest.analysis.intervalMs)
      break
    case 'wake':
      skews.set(event.worker, event.clock - event.at)
      // What it saw the last time it was awake led to nothing that it still has in mind.
      sights.clear(event.worker)
      break
    case 'traffic':
      serving.set(event.app, event.weights)
      break
    case 'edit':
      edits.set(event.app, [...(edits.get(event.app) ?? []), event])
      setUps.set(event.app, event.setUpAfter)
      break
    case 'arm-read': {
      if (event.call === 'wake') break
      const setUp = setUps.get(event.app) ?? PLAIN
      // Who looked in vain decides on nothing that he saw before.
      if (event.code !== null) sights.delete(event.worker, event.app)
      else sights.set(event.worker, event.app, { n: event.n, weights: serving.get(event.app) ?? {}, setUp })
      break
    }
    case 'decision':
      return decided(memory, event)
    case 'audit': {
      const app = apps.get(event.row.entityId) ?? ''
      if (event.row.kind === 'foreign-edit') foreign.set(app, event.n)
      if (event.row.kind === 'late-write-corrected') late.set(app, event.n)
      if (event.row.kind === 'rollout-started') foreign.delete(app)
      break
    }
    case 'arm-write': {
      const wrong = overwritten(memory, event)
      if (wrong !== null) broken(`worker ${event.worker} wrote weights to ${event.app} ${wrong}`)
      // Revision mode is the one thing besides weights that the product sets back.
      if (event.applied && event.deed === 'patch' && event.asked.weights === null && event.asked.revision === null)
        setUps.set(event.app, { ...(setUps.get(event.app) ?? PLAIN), mode: 'Multiple' })
      break
    }
  }
  return []
}

/** What differs between two looks because of these edits, and cannot have been our own doing. */
function differences(before: Sight, now: Sight, edits: readonly Edit[], course: Course): readonly string[] {
  const { decision, wished } = course
  const { stable, canary } = decision
  const did = (is: (edit: Edit) => boolean) => edits.some(is)
  const wants: string[] = []
  const isOwn = wished.slice(-2).some((weight) => sameWeights(now.weights, shared(stable, canary, weight)))
  if (did((edit) => !sameWeights(edit.before, edit.after)) && !sameWeights(before.weights, now.weights) && !isOwn)
    wants.push('an edit of the weights')
  const changed = (of: (setUp: SetUpTold) => string) =>
    did((edit) => of(edit.setUpBefore) !== of(edit.setUpAfter)) && of(before.setUp) !== of(now.setUp)
  // A rollback sets the mode to Multiple itself: who was first cannot be told.
  const isOwnMode = decision.phase === 'rolling-back' && now.setUp.mode === 'Multiple'
  if (!isOwnMode && changed(({ mode }) => mode)) wants.push('a change of the mode')
  if (changed(({ sticky }) => `${sticky}`)) wants.push('a change of the sessions')
  if (changed(({ labels }) => JSON.stringify(labels))) wants.push('a change of the labels')
  return wants
}

/** A row that tells of an edit of weights names those that were and those that are. */
function oneSided(row: AuditRow, { wants, after, weightsBefore }: Awaited): readonly string[] {
  if (!wants.includes('an edit of the weights')) return []
  if (row.kind === 'late-write-corrected')
    return sameWeights(row.weightsBefore ?? {}, after) ? [] : [`row ${row.id} does not name what was found`]
  const wrongs: string[] = []
  if (!sameWeights(row.weightsAfter ?? {}, after)) wrongs.push(`row ${row.id} does not name what was found`)
  if (row.weightsBefore === null || sameWeights(row.weightsBefore, after))
    wrongs.push(`row ${row.id} does not name what was there before (${JSON.stringify(weightsBefore)})`)
  return wrongs
}

function tooFar(event: Decision, intervalMs: number, skew: number): readonly Violation[] {
  // A clock that is behind may be put right while its worker sleeps.
  if (event.wakeAt === null || event.wakeAt <= event.at + Math.max(0, skew) + intervalMs + SLACK_MS) return []
  const says = `${event.rollout} of ${event.entity} is to be looked at in ${(event.wakeAt - event.at) / 1000} s; its interval is ${intervalMs / 1000} s`
  return [{ invariant: 'S12', says, n: event.n }]
}
