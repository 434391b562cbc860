import type { Plan, Proof, Row } from './line.ts'
import type { Rollout } from './rollout.ts'
import { moment, span } from './words.ts'

/** Whether a decision to go on was sound: what is wrong with it, by what it was licensed, and how many windows were checked. */
export interface Judged {
  readonly wrongs: readonly string[]
  readonly by: 'plan' | 'evidence' | 'person'
  readonly windows: number
}

/** The beginning of a step: the first by the plan and a ready revision, each later one by evidence or by a person's word. */
export function judgeStep(row: Row, rollout: Rollout): Judged {
  const { plan, step } = rollout
  const stage = plan.stages[(row.step ?? 0) - 1]
  const share = Object.entries(row.weightsAfter ?? {}).find(([name]) => name !== rollout.stable)?.[1] ?? 0
  const wrongs = [
    ...(stage?.weight === row.value
      ? []
      : [`the plan gives step ${row.step} ${stage?.weight ?? 'no'} %, not ${row.value} %`]),
    ...(share === row.value ? [] : [`it speaks of ${row.value} % and wishes for ${share} %`]),
  ]
  if (step === null) {
    const early = rollout.isReady ? [] : ['no row says that the revision was ready']
    const first = row.step === 1 ? [] : [`it begins with step ${row.step}`]
    return { wrongs: [...wrongs, ...early, ...first], by: 'plan', windows: 0 }
  }
  const gone = judgeLeaving(row, rollout, step)
  const isNext = row.step === (step.step ?? 0) + 1 || gone.by === 'person'
  const order = isNext ? [] : [`step ${row.step} does not follow step ${step.step}`]
  return { ...gone, wrongs: [...wrongs, ...order, ...gone.wrongs] }
}

/** The end of a plan: a last step with a bake or a gate ends as any other does. */
export function judgePromotion(row: Row, rollout: Rollout): Judged {
  const { step, plan } = rollout
  if (step === null) return { wrongs: ['no step had begun'], by: 'plan', windows: 0 }
  const isLast = step.step === plan.stages.length
  const last = plan.stages.at(-1)
  const order = isLast ? [] : [`step ${step.step} is not the last of ${plan.stages.length}`]
  if (isLast && last?.bakeMs === 0 && !last.gate) {
    const unseen = rollout.confirmedAt === null ? ['no row says that the weight of the last step was seen'] : []
    return { wrongs: unseen, by: 'plan', windows: 0 }
  }
  const gone = judgeLeaving(row, rollout, step)
  return { ...gone, wrongs: [...order, ...gone.wrongs] }
}

function judgeLeaving(row: Row, rollout: Rollout, step: Row): Judged {
  if (rollout.words.some((word) => licenses(word, row, step))) return { wrongs: [], by: 'person', windows: 0 }
  const stage = rollout.plan.stages[(step.step ?? 0) - 1]
  const gate = stage?.gate ? [`nobody opened the gate of step ${step.step}`] : []
  const required = rollout.plan.kpis.filter(({ role }) => role === 'required')
  const none = required.length === 0 ? ['the plan has no required KPI that could license it'] : []
  const wrongs = required.flatMap((kpi) => {
    const proof = row.evidence.find((one) => one.kpi === kpi.name)
    if (proof === undefined) return [`there is no evidence of the required KPI ${kpi.name}`]
    return wrongsOf(proof, kpi.lagMs, { row, rollout, bakeMs: stage?.bakeMs ?? 0 }).map(
      (wrong) => `${kpi.name} ${wrong}`,
    )
  })
  return { wrongs: [...gate, ...none, ...wrongs], by: 'evidence', windows: required.length }
}

/** Whether a person's word lets a step end here: a promotion by hand in the same decision, or a yes to its gate. */
function licenses(word: Row, row: Row, step: Row): boolean {
  if (word.actor === 'slipway') return false
  if (word.kind === 'promoted-by-hand') return word.happenedAt === row.happenedAt && word.value === row.step
  if (word.kind === 'break-glass') return word.happenedAt === row.happenedAt
  return word.kind === 'approved' && word.step === step.step
}

interface Scene {
  readonly row: Row
  readonly rollout: Rollout
  readonly bakeMs: number
}

/** Evidence may end so much sooner than its source's lag says, and a bucket: a source that is late is waited for so long. */
const STALE_MS = 10 * 60_000

function wrongsOf(proof: Proof, lagMs: number, { row, rollout, bakeMs }: Scene): readonly string[] {
  const { confirmedAt, canary, plan } = rollout
  const wrongs: string[] = []
  if (proof.verdict !== 'pass') wrongs.push(`was ${proof.verdict}, not pass`)
  if (proof.revision !== canary) wrongs.push(`was measured on ${proof.revision}, not on ${canary}`)
  if (confirmedAt === null) return [...wrongs, 'was measured in a step whose weight no row says was seen']
  const first = firstBucket(confirmedAt, plan)
  const window = `has a window from ${moment(proof.from)}`
  if (proof.from < first) wrongs.push(`${window}, before the step’s first whole bucket at ${moment(first)}`)
  if (proof.from > first) wrongs.push(`${window}, which leaves out what came from ${moment(first)} on`)
  if (proof.to > row.happenedAt - lagMs)
    wrongs.push(`has a window to ${moment(proof.to)}, which its source could not know at ${moment(row.happenedAt)}`)
  if (row.happenedAt - proof.to > lagMs + STALE_MS + plan.bucketMs)
    wrongs.push(`has a window to ${moment(proof.to)}, out of date at ${moment(row.happenedAt)}`)
  if (proof.to - proof.from < bakeMs)
    wrongs.push(`has a window of ${span(proof.to - proof.from)}, and the plan bakes for ${span(bakeMs)}`)
  return wrongs
}

function firstBucket(since: number, { bucketMs }: Plan): number {
  return Math.ceil(since / bucketMs) * bucketMs
}
