import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { AuditRow } from '../../lib/core/audit.ts'
import { GENESIS, hashedText } from '../../lib/core/chain.ts'
import { explain } from '../../lib/core/explain.ts'
import type { Outcome } from '../../lib/core/rollout.ts'
import {
  type Manifest,
  type Stage as PlanStage,
  type Push,
  pinnedImage,
  type ServiceKey,
} from '../../lib/core/service.ts'
import { weightsSeen } from '../../lib/core/traffic.ts'
import { createStage, type Stage, type StageOptions } from '../../sim/runner.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const PRICING: ServiceKey = { environment: 'production', name: 'pricing' }
const REGISTRY = 'registry.example.com'

/** A manifest of `pricing` with the defaults of the product, and whatever a story wants otherwise. */
export function pricingManifest(changes: Partial<Manifest> = {}): Manifest {
  return {
    name: 'pricing',
    environment: 'production',
    target: {
      subscriptionId: '00000000-0000-0000-0000-000000000001',
      resourceGroup: 'rides',
      app: 'pricing',
      container: null,
    },
    image: { registry: REGISTRY, repository: 'pricing', tags: { kind: 'glob', pattern: 'v*' } },
    stages: plan([10, 48], [50, 24], [100, 0]),
    analysis: {
      intervalMs: MINUTE,
      bucketMs: MINUTE,
      warmUpMs: 5 * MINUTE,
      kpis: [
        {
          name: 'p95',
          role: 'required',
          kind: 'latency',
          percentile: 95,
          limitMs: 200,
          source: { kind: 'azure-logs' },
          lagMs: 3 * MINUTE,
          minRequests: null,
        },
        {
          name: 'errors',
          role: 'required',
          kind: 'error-rate',
          limitRatio: 0.001,
          alsoBad: [],
          source: { kind: 'azure-logs' },
          lagMs: 3 * MINUTE,
          minRequests: null,
        },
      ],
      onInconclusive: { afterMs: 24 * HOUR, then: 'wait' },
      onRelative: 'hold',
      onBlind: { afterMs: 30 * MINUTE, then: 'wait' },
      requireEvidence: false,
    },
    onNewRevision: 'supersede',
    deadlines: { readyMs: 10 * MINUTE, trafficMs: 10 * MINUTE, gateMs: null },
    approvals: null,
    drainMs: MINUTE,
    scaleDownDelayMs: 10 * MINUTE,
    watchMs: 15 * MINUTE,
    ...changes,
  }
}

/** Stages from pairs of weight and hours; a third member `true` is a manual gate. */
export function plan(...stages: readonly (readonly [number, number, boolean?])[]): readonly PlanStage[] {
  return stages.map(([weight, hours, gate = false]) => ({ weight, bakeMs: hours * HOUR, gate }))
}

/** Version `n` of pricing, pushed `n` minutes after the epoch of the story. */
export function version(n: number, changes: Partial<Push> = {}): Push {
  return {
    registry: REGISTRY,
    repository: 'pricing',
    tag: `v${n}`,
    digest: `sha256:${String(n).padStart(2, '0').repeat(32)}`,
    pushedAt: Date.UTC(2026, 0, 5, 11) + n * MINUTE,
    eventId: `event-${n}`,
    source: 'acr',
    author: null,
    ...changes,
  }
}

/** Pricing at version 1 with all traffic, its manifest stored, and nothing going on yet. */
export async function givenPricing(changes: Partial<Manifest> = {}, options: StageOptions = {}): Promise<Stage> {
  const stage = createStage(options)
  const manifest = pricingManifest(changes)
  stage.world.addApp({ target: manifest.target, image: pinnedImage(version(1)), suffix: 'v1' })
  await stage.declare(manifest)
  return stage
}

/** Weights at the ingress now, by revision. */
export function weights(stage: Stage, manifest: Manifest = pricingManifest()): Readonly<Record<string, number>> {
  return weightsSeen(stage.world.see(manifest.target))
}

/** Canary weights over time as the world dealt them out: `[minutes since the story began, weight]`, changes only. */
export function timeline(stage: Stage, canary: string, since: number): readonly (readonly [number, number])[] {
  const segments = stage.world.segments(pricingManifest().target, since, stage.clock.now())
  const points: [number, number][] = []
  for (const { from, weights: dealt } of segments) {
    const weight = dealt[canary] ?? 0
    if (points.at(-1)?.[1] !== weight) points.push([Math.round((from - since) / MINUTE), weight])
  }
  return points
}

/** Lets the story run until its newest rollout has ended, and says how. */
export async function untilFinished(stage: Stage, withinMs: number, key: ServiceKey = PRICING): Promise<Outcome> {
  await stage.runUntil('the rollout ended', () => stage.rollout(key).phase.kind === 'finished', withinMs)
  const { phase } = stage.rollout(key)
  if (phase.kind !== 'finished') throw new Error('unreachable')
  return phase.outcome
}

/** The audit of a service as sentences, oldest first. */
export function sentences(stage: Stage, key: ServiceKey = PRICING): readonly string[] {
  return stage.store.auditOf(key).map(explain)
}

/** Kinds of the audit rows, oldest first. */
export function kinds(stage: Stage, key: ServiceKey = PRICING): readonly string[] {
  return stage.store.auditOf(key).map((row) => row.kind)
}

/** What must hold at the end of every story: nothing broke, the chain has no gap, traffic totals 100, never latest. */
export function expectSound(stage: Stage, key: ServiceKey = PRICING): void {
  expect(stage.broken.map(({ error }) => error)).toEqual([])
  expectChain(stage.store.auditOf(key))
  expect(stage.store.auditOf(key).map((row) => row.seq)).toEqual(stage.store.auditOf(key).map((_, index) => index + 1))
  for (const { actor, traffic } of stage.world.log) {
    if (actor !== 'slipway' || traffic === undefined) continue
    expect(Object.values(traffic).reduce((sum, weight) => sum + weight, 0)).toBe(100)
  }
}

/** The chain as an auditor would check it: every row names the hash before it, and its own hash is right. */
export function expectChain(rows: readonly AuditRow[]): void {
  let before = GENESIS
  for (const { hash, ...said } of rows) {
    expect(said.previousHash).toBe(before)
    expect(hash).toBe(createHash('sha256').update(hashedText(said)).digest('hex'))
    before = hash
  }
}
