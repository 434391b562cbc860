import type { FreezeTime } from '../../../lib/core/freeze.ts'
import type { Manifest } from '../../../lib/core/service.ts'
import { addFreeze, liftFreeze } from '../../../lib/engine/freeze.ts'
import type { StageOptions } from '../../../sim/runner.ts'
import { givenPricing, HOUR, MINUTE, PRICING, plan, pricingManifest, version, weights } from '../../support/story.ts'
import { type Telling, telling } from './telling.ts'

export const STABLE = 'pricing--v1'
export const TARGET = pricingManifest().target
export const QUICK = { stages: plan([10, 0.2], [50, 0.1], [100, 0]) }
export const GATED = { stages: plan([10, 0.1, true], [50, 0.1], [100, 0]) }
export const SLOW = { rps: 50, p95Ms: 900, errorRate: 0.0002 }
export const WELL = { rps: 50, p95Ms: 120, errorRate: 0.0002 }

export async function given(changes: Partial<Manifest> = QUICK, options: StageOptions = {}): Promise<Telling> {
  return telling(await givenPricing(changes, { told: true, crash: 'never', ...options }))
}

/** Version 2 has ten percent. */
export async function givenCanary(changes: Partial<Manifest> = QUICK, options: StageOptions = {}): Promise<Telling> {
  const { stage } = await given(changes, options)
  await stage.push(version(2))
  await stage.runUntil('the canary has ten percent', () => Object.values(weights(stage)).includes(10), HOUR)
  await stage.run(2 * MINUTE)
  return telling(stage)
}

/** Version 2 has all traffic, and its watch is over. */
export async function givenRelease(changes: Partial<Manifest> = QUICK): Promise<Telling> {
  const { stage } = await given(changes)
  await stage.push(version(2))
  await stage.runUntil('it has all traffic', () => stage.rollout(PRICING).phase.kind === 'finished', HOUR)
  await stage.run(HOUR)
  return telling(stage)
}

export function canaryOf({ stage }: Telling): string {
  return stage.rollout(PRICING).canary
}

export function phaseOf({ stage }: Telling): string {
  return stage.rollout(PRICING).phase.kind
}

export async function finished(it: Telling, withinMs = 8 * HOUR): Promise<void> {
  await it.until('the rollout ended', () => phaseOf(it) === 'finished', withinMs)
}

export async function paused(it: Telling): Promise<void> {
  await it.until('it is paused', () => phaseOf(it) === 'paused', 8 * HOUR)
}

/** Version 2 is clearly worse than version 1, and within its limits. */
export async function givenWorse(onRelative: Manifest['analysis']['onRelative']): Promise<Telling> {
  const { analysis } = pricingManifest()
  const kpis = analysis.kpis.filter(({ kind }) => kind === 'error-rate').map((kpi) => ({ ...kpi, limitRatio: 0.05 }))
  const it = await given({ ...QUICK, analysis: { ...analysis, kpis, onRelative } })
  it.stage.metrics.profile(version(2).digest, { ...WELL, errorRate: 0.02 })
  await it.push(version(2))
  return it
}

export function unclear(then: Manifest['analysis']['onInconclusive']['then']): Manifest['analysis'] {
  return { ...pricingManifest().analysis, onInconclusive: { afterMs: HOUR, then } }
}

export function manyKinds(): Manifest['analysis'] {
  const { analysis } = pricingManifest()
  const common = { role: 'required', lagMs: MINUTE, minRequests: null, source: { kind: 'azure-logs' } } as const
  return {
    ...analysis,
    kpis: [
      { ...common, name: 'cpu', kind: 'gauge', limit: 80, wanted: 'below', role: 'advisory' },
      { ...common, name: 'memory', kind: 'gauge', limit: 10, wanted: 'above' },
      { ...common, name: 'refunds', kind: 'ratio', limitRatio: 0.05 },
    ],
  }
}

export function freeze(it: Telling, id: string, time: FreezeTime, reason: string): Promise<void> {
  const wish = { id, environment: 'production', services: null, time, reason }
  return it.act(`kim freezes: ${reason}`, async () => (await addFreeze(it.stage.wheel, wish, 'kim')).kind)
}

export function lift(it: Telling, id: string): Promise<void> {
  return it.act(`kim lifts ${id}`, () =>
    liftFreeze(it.stage.wheel, 'production', id, { by: 'kim', reason: 'it is back' }),
  )
}

export function approve(it: Telling, name: string): Promise<void> {
  const { digest } = it.stage.rollout(PRICING).push
  return it.command('approve', { actor: name, actorId: `id-${name}`, step: 1, digest })
}
