import type { Stage } from '../core/service.ts'
import { LONGEST_MS } from './duration.ts'

/** A step as the schema hands it on: `bake` in milliseconds. Before everything is checked, any part may be anything. */
export interface StepWritten {
  readonly setWeight?: unknown
  readonly bake?: unknown
  readonly pause?: unknown
}

/** What is wrong with the order of steps: `path` counts from the list of steps. */
export interface StepIssue {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Where a walk over the steps stands; `weight` is the last one that was a weight at all. */
interface Walk {
  readonly stages: readonly Stage[]
  readonly issues: readonly StepIssue[]
  readonly weight: number
}

/** All that is wrong with the order of the steps; steps that are wrong by themselves are passed over. */
export function checkSteps(steps: readonly StepWritten[]): readonly StepIssue[] {
  return walk(steps).issues
}

/**
 * The plan that the steps describe: a weight opens a stage, bakes add up, a pause sets the stage's gate; a bake after a
 * gate opens a stage of the same weight. A last stage of 100 is added when it is missing.
 */
export function toStages(steps: readonly StepWritten[]): readonly Stage[] {
  const { stages } = walk(steps)
  return stages.at(-1)?.weight === 100 ? stages : [...stages, { weight: 100, bakeMs: 0, gate: false }]
}

function walk(steps: readonly StepWritten[]): Walk {
  const start: Walk = { stages: [], issues: [], weight: 0 }
  return steps.reduce<Walk>((at, step, index) => {
    if (typeof step !== 'object' || step === null) return at
    const weighed = 'setWeight' in step ? openStage(at, step.setWeight, index) : at
    const baked = 'bake' in step ? addBake(weighed, step.bake, index) : weighed
    return 'pause' in step ? addGate(baked, index) : baked
  }, start)
}

function openStage(at: Walk, weight: unknown, index: number): Walk {
  const isWeight = typeof weight === 'number' && Number.isInteger(weight) && weight >= 1 && weight <= 100
  if (!isWeight) return { ...at, stages: [...at.stages, { weight: 100, bakeMs: 0, gate: false }] }
  const stages = [...at.stages, { weight, bakeMs: 0, gate: false }]
  if (weight > at.weight) return { ...at, stages, weight }
  const message = `must be more than the ${at.weight} before it; weights rise from step to step`
  return { stages, weight, issues: [...at.issues, { path: [index, 'setWeight'], message }] }
}

function addBake(at: Walk, bake: unknown, index: number): Walk {
  const last = at.stages.at(-1)
  if (last === undefined)
    return refuse(
      at,
      index,
      'bake',
      'stands before the first `setWeight`; nothing could be judged. Write a weight first',
    )
  const bakeMs = typeof bake === 'number' ? bake : 0
  if (last.gate) return { ...at, stages: [...at.stages, { weight: last.weight, bakeMs, gate: false }] }
  if (last.bakeMs + bakeMs > LONGEST_MS)
    return refuse(at, index, 'bake', 'makes the bakes of this weight longer than 365d; shorten them')
  return { ...at, stages: [...at.stages.slice(0, -1), { ...last, bakeMs: last.bakeMs + bakeMs }] }
}

function addGate(at: Walk, index: number): Walk {
  const last = at.stages.at(-1)
  if (last === undefined)
    return refuse(
      at,
      index,
      'pause',
      'stands before the first `setWeight`; there is nothing to approve yet. Write a weight first',
    )
  if (last.gate)
    return refuse(at, index, 'pause', 'follows another pause; leave one out, or write a `bake` between them')
  return { ...at, stages: [...at.stages.slice(0, -1), { ...last, gate: true }] }
}

function refuse(at: Walk, index: number, key: string, message: string): Walk {
  return { ...at, issues: [...at.issues, { path: [index, key], message }] }
}
