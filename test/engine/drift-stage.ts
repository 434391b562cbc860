import type { DriftReport } from '../../lib/core/drift-report/row.ts'
import { reportIn } from '../../lib/core/drift-report/row.ts'
import { type Manifest, pinnedImage, type ServiceKey } from '../../lib/core/service.ts'
import { type Drifted, reportDrift } from '../../lib/engine/drift.ts'
import type { Profile } from '../../sim/metrics.ts'
import { createStage, type Stage } from '../../sim/runner.ts'
import { HOUR, plan, pricingManifest, untilFinished, version } from '../support/story.ts'

/** The morning on which the night of Tuesday, 13 January 2026 is reported. */
export const MORNING = Date.UTC(2026, 0, 14, 2, 30)
export const TUESDAY = Date.UTC(2026, 0, 13)
export const USUAL: Profile = { rps: 50, p95Ms: 120, errorRate: 0.0002 }

export function keyOf(name: string): ServiceKey {
  return { environment: 'production', name }
}

/** A service like pricing by another name, which climbs to all traffic within two hours. */
export function driftManifest(name: string, changes: Partial<Manifest> = {}): Manifest {
  const usual = pricingManifest()
  return pricingManifest({
    name,
    target: { ...usual.target, app: name },
    image: { ...usual.image, repository: name },
    stages: plan([10, 1], [100, 0]),
    ...changes,
  })
}

/** Stores a service at version 1 and tells the world of its app; no rollout yet. */
export async function declare(stage: Stage, manifest: Manifest): Promise<void> {
  const image = pinnedImage(version(1, { repository: manifest.name }))
  stage.world.addApp({ target: manifest.target, image, suffix: 'v1' })
  await stage.declare(manifest)
}

/** Promotes version `n` of a service; its users meet `profiles` from then on. */
export async function promote(stage: Stage, name: string, n: number, ...profiles: readonly Profile[]): Promise<void> {
  const push = version(n, { repository: name, pushedAt: stage.clock.now() })
  for (const profile of profiles) stage.metrics.profile(pinnedImage(push), profile)
  await stage.push(push)
  const outcome = await untilFinished(stage, 12 * HOUR, keyOf(name))
  if (outcome !== 'promoted') throw new Error(`${name} ended as ${outcome}`)
  await stage.run(HOUR)
}

/** A stage with services by name, each promoted on Monday, 5 January at noon, with what its users meet. */
export async function promotedStage(services: Readonly<Record<string, readonly Profile[]>>): Promise<Stage> {
  const stage = createStage({ seed: 7 })
  for (const name of Object.keys(services)) await declare(stage, driftManifest(name))
  for (const [name, profiles] of Object.entries(services)) await promote(stage, name, 2, ...profiles)
  return stage
}

/** Runs the nightly timer's work once, as of now. */
export function night(stage: Stage): Promise<readonly Drifted[]> {
  return reportDrift(stage.wheel, stage.store, ['production'])
}

/** The drift reports of a service in the audit, oldest first. */
export function reportsOf(stage: Stage, name: string): readonly DriftReport[] {
  return stage.store.auditOf(keyOf(name)).flatMap((row) => reportIn(row) ?? [])
}

/** The finding of one KPI in the newest report of a service. */
export function findingOf(stage: Stage, name: string, kpi: string) {
  const finding = reportsOf(stage, name)
    .at(-1)
    ?.findings.find((one) => one.kpi === kpi)
  if (finding === undefined) throw new Error(`${name} has no finding about ${kpi}`)
  return finding
}
