import { describe, expect, test } from 'vitest'
import type { Command } from '../../lib/core/facts.ts'
import type { FreezeTime } from '../../lib/core/freeze.ts'
import type { Approvals } from '../../lib/core/service.ts'
import { addFreeze, liftFreeze } from '../../lib/engine/freeze.ts'
import { nextWindow, openWindow } from '../../lib/schema/window.ts'
import type { Stage, StageOptions } from '../../sim/runner.ts'
import {
  expectSound,
  givenPricing,
  HOUR,
  kinds,
  MINUTE,
  PRICING,
  plan,
  sentences,
  untilFinished,
  version,
  weights,
} from '../support/story.ts'

const STABLE = 'pricing--v1'
const WHY = 'the fix for the outage cannot wait'
const GATED = { stages: plan([10, 1, true], [50, 1], [100, 0]) }
const QUICK = { stages: plan([10, 1], [50, 1], [100, 0]) }

function approvals(changes: Partial<Approvals> = {}): Approvals {
  return { required: 2, from: null, notAuthor: false, validForMs: null, ...changes }
}

function canaryWeight(stage: Stage): number {
  return weights(stage)[stage.rollout(PRICING).canary] ?? 0
}

/** Version 2 waits at the gate of step 1. */
async function givenGate(rules: Approvals, author: string | null = 'dev', source = 'acr'): Promise<Stage> {
  const stage = await givenPricing({ ...GATED, approvals: rules })
  await stage.push(version(2, { author, source }))
  const isWaiting = () => stage.rollout(PRICING).phase.kind === 'paused'
  await stage.runUntil('the gate waits', isWaiting, 4 * HOUR)
  return stage
}

function approve(stage: Stage, name: string, more: Partial<Command> = {}) {
  const { digest } = stage.rollout(PRICING).push
  return stage.command(PRICING, 'approve', { actor: name, actorId: `id-${name}`, step: 1, digest, ...more })
}

let freezes = 0
async function freeze(stage: Stage, time: FreezeTime, reason: string): Promise<string> {
  freezes += 1
  const wish = { id: `freeze-${freezes}`, environment: 'production', services: null, time, reason }
  expect((await addFreeze(stage.wheel, wish, 'kim')).kind).toBe('added')
  return wish.id
}

describe('a gate that takes two of three approvals', () => {
  test('opens with the second, and nobody’s twice', async () => {
    const stage = await givenGate(approvals({ from: ['ada', 'bo', 'cy'] }))
    expect(await approve(stage, 'ada')).toMatchObject({ because: expect.stringContaining('1 of 2 approvals (by ada)') })
    expect(await approve(stage, 'ada')).toMatchObject({ because: expect.stringContaining('1 of 2') })
    expect(await approve(stage, 'mallory')).toMatchObject({ kind: 'refused' })
    await stage.run(3 * HOUR)
    expect(canaryWeight(stage)).toBe(10)
    expect(await approve(stage, 'cy')).toMatchObject({
      because: expect.stringContaining('2 of 2 approvals (by ada, cy)'),
    })
    expect(await untilFinished(stage, 8 * HOUR)).toBe('promoted')
    expect(sentences(stage).join('\n')).toContain('the gate of step 1 was opened by ada, cy; step 2 of 3 begins')
    expectSound(stage)
  })

  test('takes none of the author, by name or id', async () => {
    const stage = await givenGate(approvals({ notAuthor: true }), 'ada', 'api')
    expect(await approve(stage, 'ada')).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('may not approve'),
    })
    await approve(stage, 'bo')
    await approve(stage, 'cy')
    expect(await untilFinished(stage, 8 * HOUR)).toBe('promoted')
  })

  test('lets an approval lapse, says so, and waits for another', async () => {
    const stage = await givenGate(approvals({ validForMs: HOUR }))
    await approve(stage, 'ada')
    await stage.run(2 * HOUR)
    expect(sentences(stage).join('\n')).toContain('the approval of ada for step 1 has lapsed: 0 of 2 approvals')
    expect(await approve(stage, 'bo')).toMatchObject({ because: expect.stringContaining('1 of 2 approvals (by bo)') })
    expect(await approve(stage, 'ada')).toMatchObject({ because: expect.stringContaining('2 of 2') })
    expect(await untilFinished(stage, 8 * HOUR)).toBe('promoted')
    expectSound(stage)
  })

  test('rolls back at once where the KPIs fail while it waits, whoever has approved', async () => {
    const stage = await givenGate(approvals())
    await approve(stage, 'ada')
    stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 900, errorRate: 0.0002 })
    expect(await untilFinished(stage, 8 * HOUR)).toBe('rolled-back')
    expect(weights(stage)).toEqual({ [STABLE]: 100 })
  })

  test('answers the same command the same, and stores no second approval', async () => {
    const stage = await givenGate(approvals())
    const first = await approve(stage, 'ada', { id: 'one' })
    expect(await approve(stage, 'ada', { id: 'one' })).toMatchObject({
      kind: 'repeated',
      because: 'because' in first && first.because,
    })
    expect(stage.rollout(PRICING).approvals).toHaveLength(1)
  })
})

describe('a freeze over the weekend in Berlin', () => {
  const windows = { openWindow, nextWindow }
  /** Friday at noon, in UTC. */
  const FRIDAY = Date.UTC(2026, 0, 9, 12)
  const WEEKEND = { kind: 'recurring', cron: '0 18 * * FRI', timeZone: 'Europe/Berlin', durationMs: 62 * HOUR } as const
  const options: StageOptions = { start: FRIDAY, windows }

  test('holds a canary where it is from Friday 18:00 to Monday 08:00, and lets it go on then', async () => {
    const stage = await givenPricing({ stages: plan([10, 6], [50, 1], [100, 0]) }, options)
    const id = await freeze(stage, WEEKEND, 'nobody is there')
    await stage.push(version(2, { pushedAt: FRIDAY }))
    await stage.run(48 * HOUR)
    expect(canaryWeight(stage)).toBe(10)
    expect(kinds(stage).filter((kind) => kind === 'freeze-held')).toHaveLength(1)
    await stage.runUntil('step 2 began', () => canaryWeight(stage) === 50, 48 * HOUR)
    const monday = Date.UTC(2026, 0, 12, 7)
    expect(stage.clock.now()).toBeGreaterThanOrEqual(monday)
    expect(stage.clock.now()).toBeLessThan(monday + 5 * MINUTE)
    expect(await untilFinished(stage, 8 * HOUR)).toBe('promoted')
    const said = sentences(stage).join('\n')
    expect(said).toContain(`held by freeze ${id} (nobody is there, by kim) until 2026-01-12 07:00Z`)
    expect(said).toContain(`freeze ${id} (nobody is there) holds it no longer`)
    expectSound(stage)
  })

  test('lets a push of Saturday wait, with nothing lost, and begins it on Monday', async () => {
    const stage = await givenPricing(QUICK, { start: FRIDAY + 24 * HOUR, windows })
    await freeze(stage, WEEKEND, 'nobody is there')
    await stage.push(version(2, { pushedAt: FRIDAY + 24 * HOUR }))
    await stage.run(24 * HOUR)
    expect(stage.rollout(PRICING).phase.kind).toBe('preparing')
    expect(stage.world.log.filter(({ actor }) => actor === 'slipway')).toEqual([])
    expect(await untilFinished(stage, 48 * HOUR)).toBe('promoted')
    expectSound(stage)
  })
})

describe('a stop of the line in the midst of a canary', () => {
  async function givenStopped(): Promise<{ readonly stage: Stage; readonly id: string }> {
    const stage = await givenPricing(QUICK)
    await stage.push(version(2))
    await stage.runUntil('the canary has ten percent', () => canaryWeight(stage) === 10, HOUR)
    const id = await freeze(stage, { kind: 'stop' }, 'the database is down')
    return { stage, id }
  }

  test('holds it until somebody lifts it', async () => {
    const { stage, id } = await givenStopped()
    await stage.run(30 * HOUR)
    expect(canaryWeight(stage)).toBe(10)
    expect(await stage.command(PRICING, 'promote')).toMatchObject({ kind: 'refused' })
    await liftFreeze(stage.wheel, 'production', id, { by: 'kim', reason: 'it is back' })
    expect(await untilFinished(stage, 8 * HOUR)).toBe('promoted')
    const rows = stage.store.environmentAudit('production')
    expect(rows.map(({ kind, id: row }) => `${kind} ${row}`)).toEqual([
      'freeze-added production#1',
      'freeze-lifted production#2',
    ])
    expectSound(stage)
  })

  test('lets a bad canary be rolled back, and an operator abort', async () => {
    const { stage } = await givenStopped()
    stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 900, errorRate: 0.0002 })
    expect(await untilFinished(stage, 8 * HOUR)).toBe('rolled-back')
    const other = await givenStopped()
    await other.stage.command(PRICING, 'abort')
    expect(await untilFinished(other.stage, HOUR)).toBe('aborted')
    expect(weights(other.stage)).toEqual({ [STABLE]: 100 })
  })

  test('is broken by an Admin for one step, which the audit shouts', async () => {
    const { stage } = await givenStopped()
    await stage.run(3 * HOUR)
    await stage.command(PRICING, 'promote', { override: true, reason: WHY })
    await stage.run(20 * HOUR)
    expect(canaryWeight(stage)).toBe(50)
    expect(sentences(stage).join('\n')).toMatch(/BREAK GLASS: olga broke the glass with promote, past freeze/)
    expectSound(stage)
  })

  test('lets a retry wait, or go past it to its first step with a broken glass', async () => {
    const { stage } = await givenStopped()
    await stage.command(PRICING, 'abort')
    await untilFinished(stage, HOUR)
    expect(await stage.command(PRICING, 'retry')).toMatchObject({
      because: expect.stringContaining('it waits, held by freeze'),
    })
    await stage.run(HOUR)
    expect(stage.rollout(PRICING)).toMatchObject({ number: 2, cause: 'retry', phase: { kind: 'preparing' } })
    await stage.command(PRICING, 'abort')
    await untilFinished(stage, HOUR)
    await stage.command(PRICING, 'retry', { override: true, reason: WHY })
    await stage.runUntil('it has ten percent', () => canaryWeight(stage) === 10, HOUR)
    await stage.run(20 * HOUR)
    expect(canaryWeight(stage)).toBe(10)
    expect(kinds(stage).filter((kind) => kind === 'break-glass')).toHaveLength(1)
    expectSound(stage)
  })
})

describe('a push that waits and is replaced', () => {
  test('ends as superseded, also where the worker died before it could say so', async () => {
    const stage = await givenPricing(QUICK)
    const times = { pushedAt: stage.clock.now() }
    await stage.push(version(2, times))
    await stage.runUntil('the canary has ten percent', () => canaryWeight(stage) === 10, HOUR)
    for (const n of [3, 4]) await stage.push(version(n, { pushedAt: stage.clock.now() + n }))
    const outcomes = () => stage.store.eventsRecorded().map(({ id, outcome }) => `${id.split('@')[0]} ${outcome}`)
    expect(outcomes()).toEqual(['event-2 rollout', 'event-3 superseded', 'event-4 queued'])
    const lost = version(5, { pushedAt: stage.clock.now() + 5 })
    let dead = true
    stage.store.interfere((call, moment) => {
      if (call === 'record' && moment === 'before' && dead) throw new Error('the worker died')
    })
    await expect(stage.push(lost)).rejects.toThrow('died')
    dead = false
    await stage.push(lost)
    expect(outcomes()).toContain('event-4 superseded')
    stage.store.interfere(null)
  })
})
