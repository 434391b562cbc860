import { expect, test } from 'vitest'
import type { AuditRow } from '../../lib/core/audit.ts'
import { leastEvents } from '../../lib/core/judge/kpi-test.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import type { Kpi } from '../../lib/core/service.ts'
import { type Life, live, writes } from '../support/chaos.ts'
import { expectSound, PRICING, weights } from '../support/story.ts'

/** Seeds that are lived through at every run. One that ever failed is added and stays. */
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1)

test('whatever is pushed, ordered, edited or broken, no promise about traffic is broken', {
  timeout: 120_000,
}, async () => {
  for (const seed of SEEDS) {
    try {
      await check(await live(seed))
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
    }
  }
})

async function check(life: Life): Promise<void> {
  const { stage, errands } = life
  const rows = stage.store.auditOf(PRICING)
  const { items: rollouts } = await stage.store.rollouts(PRICING, 100, null)
  expectSound(stage)
  expect(errands.done).toBe(errands.sent)
  expectOneAtATime(rows, rollouts)
  for (const rollout of rollouts) expectPlanKept(rows, rollout)
  expectNoRiseAfterRollback(life, rows, rollouts)
  expectServedWhileOff(life)
  expectLively(life, rollouts[0] ?? null, rows)
}

/** A rollout begins only after the one before has ended, and each ends once. */
function expectOneAtATime(rows: readonly AuditRow[], rollouts: readonly Rollout[]): void {
  let open: string | null = null
  for (const { kind, rollout } of rows) {
    if (kind === 'rollout-started') {
      expect(open).toBeNull()
      open = rollout
    }
    if (kind === 'finished') {
      expect(rollout).toBe(open)
      open = null
    }
  }
  for (const { id, phase } of rollouts) {
    const over = rows.some(({ kind, rollout }) => kind === 'finished' && rollout === id)
    expect(phase.kind === 'finished').toBe(over)
    const leaving = rows.some(({ kind, rollout }) => kind === 'rollback-started' && rollout === id)
    if (leaving) expect(['rolling-back', 'finished']).toContain(phase.kind)
  }
}

/** Steps come one by one, each after a pass of every KPI over the whole bake of the one before, or by a person's word. */
function expectPlanKept(rows: readonly AuditRow[], { id, manifest, canary }: Rollout): void {
  const mine = rows.filter(({ rollout }) => rollout === id)
  let step = 0
  for (const [index, row] of mine.entries()) {
    const last = manifest.stages[step - 1]
    const byHand = mine[index - 1]?.kind === 'promoted-by-hand'
    const moves = row.kind === 'step-started' || row.kind === 'promotion-confirmed'
    if (!moves || byHand) {
      step = row.kind === 'step-started' ? (row.step ?? 0) : step
      continue
    }
    if (step > 0 && (row.kind === 'step-started' || (last?.bakeMs ?? 0) > 0)) {
      const since = mine.slice(0, index).findLast(({ kind }) => kind === 'weights-confirmed')?.happenedAt ?? Infinity
      expect(row.evidence.map(({ kpi }) => kpi)).toEqual(manifest.analysis.kpis.map(({ name }) => name))
      for (const [place, item] of row.evidence.entries()) {
        expect(item).toMatchObject({ verdict: 'pass', revision: canary })
        expect(item.total).toBeGreaterThanOrEqual(leastEvents(manifest.analysis.kpis[place] as Kpi))
        expect(item.value).toSatisfy(Number.isFinite)
        expect(item.to - item.from).toBeGreaterThanOrEqual(last?.bakeMs ?? 0)
        if (manifest.stages[step - 2]?.weight !== last?.weight) expect(item.from).toBeGreaterThanOrEqual(since)
      }
    }
    if (row.kind !== 'step-started') continue
    expect(row.step).toBe(step + 1)
    expect(row.value).toBe(manifest.stages[step]?.weight)
    step += 1
  }
}

/** The canary's share is written down before it is asked for, and once a rollback has begun none is asked for again. */
function expectNoRiseAfterRollback(life: Life, rows: readonly AuditRow[], rollouts: readonly Rollout[]): void {
  for (const { id, canary, manifest } of rollouts) {
    const planned = manifest.stages.map(({ weight }) => weight)
    const begun = rows.find(({ kind, rollout }) => kind === 'rollback-started' && rollout === id)?.happenedAt
    const served = rows.find(({ kind, notes }) => kind === 'stable-found' && notes.startsWith(`${canary} `))?.happenedAt
    for (const { at, traffic } of writes(life)) {
      const weight = traffic[canary] ?? 0
      if (at >= (served ?? Number.POSITIVE_INFINITY) || weight === 0) continue
      if (life.meddled) continue
      expect(planned).toContain(weight)
      const wished = rows.find((row) => row.rollout === id && row.kind === 'step-started' && row.value === weight)
      expect(wished?.happenedAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(at)
      if (begun !== undefined && !life.raced) expect(at).toBeLessThanOrEqual(begun)
    }
  }
}

/** Nothing that has weight is ever switched off by Slipway. */
function expectServedWhileOff({ stage, manifest }: Life): void {
  for (const { at, actor, kind, body } of stage.world.log) {
    if (actor !== 'slipway' || kind !== 'deactivate') continue
    const [dealt] = stage.world.segments(manifest.target, at - 1, at)
    expect(dealt?.weights[String(body)] ?? 0).toBe(0)
  }
}

/** Long after all faults have passed the newest rollout has ended, waits for a person, or has raised its alarm. */
function expectLively(life: Life, newest: Rollout | null, rows: readonly AuditRow[]): void {
  if (newest === null) return
  if (newest.phase.kind === 'finished') {
    expect(newest.wakeAt).toBeNull()
    const keeper = newest.phase.outcome === 'promoted' ? newest.canary : newest.stable
    if (keeper !== null && !life.meddled) expect(weights(life.stage)).toEqual({ [keeper]: 100 })
    return
  }
  expect(newest.wakeAt).not.toBeNull()
  if (!life.meddled) expect(newest.phase.kind).not.toBe('rolling-back')
  const alarmed = rows.some(({ kind, rollout }) => kind === 'deadline-passed' && rollout === newest.id)
  expect(newest.phase.kind === 'paused' || alarmed ? 'waits' : newest.phase).toBe('waits')
}
