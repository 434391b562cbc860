import { describe, expect, test } from 'vitest'
import type { Manifest } from '../../lib/core/service.ts'
import { sweep } from '../../lib/engine/sweep.ts'
import { byList } from '../../sim/choose.ts'
import type { Stage, StageOptions } from '../../sim/runner.ts'
import { createSchedule, type Parked } from '../../sim/schedule.ts'
import { BRISK, SCENES, type Scene, setScene } from '../support/scenes.ts'
import { expectSound, HOUR, kinds, MINUTE, PRICING, plan, pricingManifest, version, weights } from '../support/story.ts'

const STEPS = plan([20, 0.05], [60, 0.2], [100, 0])
/** Ten minutes: after that the platform has ended the function, and nothing of it wakes any more. */
const LONGEST_LIFE_MS = 10 * MINUTE
/** While such a write may come, the end is looked at once a minute. */
const LOOK_MS = MINUTE

const canaryOf = (stage: Stage) => stage.rollout(PRICING).canary

/**
 * A worker decides to raise the canary to 60 percent and falls asleep at a call; meanwhile a person aborts, and everything
 * goes back to stable. Then it wakes. How long users meet those 60 percent from then on, in milliseconds, and whether the
 * canary is still switched on when it wakes.
 */
async function woken(
  at: (gate: Parked) => boolean,
  sleptMs: number,
  watchMs: number,
  options: StageOptions = {},
  manifest: Partial<Manifest> = {},
): Promise<[stage: Stage, met: number, isOn: boolean]> {
  const stage = await setScene(
    { ...(SCENES[0] as Scene), manifest: { stages: STEPS, watchMs, ...manifest } },
    1,
    options,
  )
  await stage.push(version(2))
  await stage.runUntil('the canary has traffic', () => weights(stage)[canaryOf(stage)] === 20, HOUR)
  stage.wakes.timer = false
  stage.wakes.bell = false
  await stage.run(6 * MINUTE)
  stage.wakes.timer = true
  stage.wakes.bell = true
  const schedule = createSchedule({ choose: byList([]), fate: (gate) => (at(gate) ? 'hold' : 'go') })
  const sleeper = schedule.worker(stage.wheel)
  const done = schedule.start(sleeper, () => sweep(sleeper.sockets, 'production'))
  await schedule.settle()
  expect(await stage.command(PRICING, 'abort')).toMatchObject({ kind: 'done' })
  expect(stage.world.log.at(-1)?.traffic).toEqual({ 'pricing--v1': 100 })
  await stage.run(sleptMs)
  const woke = stage.clock.now()
  schedule.free(sleeper.number)
  await schedule.settle()
  await done
  const isOn = stage.world.see(pricingManifest().target).revisions.find(({ name }) => name === canaryOf(stage))?.active
  await stage.run(HOUR)
  expectSound(stage)
  const met = stage.world
    .segments(pricingManifest().target, woke, stage.clock.now())
    .filter((segment) => segment.weights[canaryOf(stage)] === 60)
  return [stage, met.reduce((sum, { from, to }) => sum + to - from, 0), isOn === true]
}

const inAzure = ({ call }: Parked) => call === 'apps.perform'
/** After the decision was stored: the calls that come before the write. */
const afterCommit = (reading: string) => {
  let isStored = false
  return ({ call }: Parked) => {
    if (call === 'store.commit') isStored = true
    return isStored && call === reading
  }
}

describe('a writer that sleeps through an abort', () => {
  test.each([0, 20_000, MINUTE, 5 * MINUTE, 30 * MINUTE])(
    'right after its decision was stored, for %i ms, finds it overtaken and writes nothing',
    async (sleptMs) => {
      const [stage, met] = await woken(afterCommit('store.load'), sleptMs, 15 * MINUTE)
      expect(met).toBe(0)
      expect(kinds(stage)).not.toContain('late-write-corrected')
      expect(weights(stage)).toEqual({ 'pricing--v1': 100 })
    },
  )

  test.each([31_000, MINUTE, 5 * MINUTE, 30 * MINUTE])(
    'after it has made sure of its wish, for %i ms, finds its look too old and writes nothing',
    async (sleptMs) => {
      const [stage, met] = await woken(afterCommit('freezes.freezesOf'), sleptMs, 15 * MINUTE)
      expect(met).toBe(0)
      expect(weights(stage)).toEqual({ 'pricing--v1': 100 })
    },
  )

  test.each([12_000, MINUTE, 3 * MINUTE, 5 * MINUTE, 8 * MINUTE, LONGEST_LIFE_MS])(
    'on its way into Azure, for %i ms, is put right by the next look, however late it is within its life',
    async (sleptMs) => {
      const [stage, met] = await woken(inAzure, sleptMs, 15 * MINUTE)
      expect(met).toBeGreaterThan(0)
      expect(met).toBeLessThanOrEqual(LOOK_MS + 10_000)
      expect(weights(stage)).toEqual({ 'pricing--v1': 100 })
      expect(kinds(stage).filter((kind) => kind === 'late-write-corrected')).toHaveLength(1)
    },
  )

  test.each([3 * MINUTE, 8 * MINUTE, LONGEST_LIFE_MS - MINUTE])(
    'on its way into Azure, for %i ms, sends nobody to a revision that is off, however short the drain',
    async (sleptMs) => {
      const [stage, met, isOn] = await woken(inAzure, sleptMs, 15 * MINUTE, {}, { drainMs: 0 })
      expect(met).toBeGreaterThan(0)
      expect(isOn).toBe(true)
      expect(stage.world.see(pricingManifest().target).revisions.map(({ active }) => active)).toEqual([true, false])
    },
  )

  test('is put right within a minute though the interval is half an hour', async () => {
    const analysis = { ...pricingManifest().analysis, ...BRISK.analysis, intervalMs: 30 * MINUTE }
    const [stage, met] = await woken(inAzure, 8 * MINUTE, 15 * MINUTE, {}, { analysis })
    expect(kinds(stage)).toContain('late-write-corrected')
    expect(met).toBeLessThanOrEqual(LOOK_MS + 10_000)
  })

  test.each([1000, 4 * MINUTE])(
    'is put right also where the manifest asks for a watch of %i ms: a watch outlasts a function',
    async (watchMs) => {
      const [stage, corrected] = await woken(inAzure, 8 * MINUTE, watchMs, { longestLifeMs: LONGEST_LIFE_MS })
      expect(kinds(stage)).toContain('late-write-corrected')
      expect(corrected).toBeLessThanOrEqual(LOOK_MS + 10_000)
      expect(stage.rollout(PRICING).manifest.watchMs).toBe(LONGEST_LIFE_MS)
    },
  )

  test('would be put right by nobody once the watch is over', async () => {
    const [stage, met] = await woken(inAzure, 8 * MINUTE, 4 * MINUTE)
    expect(kinds(stage)).not.toContain('late-write-corrected')
    expect(met).toBeGreaterThan(50 * MINUTE)
  })
})

test('a weight that the canary once had, set by hand while the end is watched, is put right like a late write', async () => {
  const stage = await setScene({ ...(SCENES[0] as Scene), manifest: { stages: STEPS, watchMs: 15 * MINUTE } }, 1)
  await stage.push(version(2))
  await stage.runUntil('the canary has traffic', () => weights(stage)[canaryOf(stage)] === 20, HOUR)
  await stage.command(PRICING, 'abort')
  await stage.runUntil('it is aborted', () => stage.rollout(PRICING).phase.kind === 'finished', HOUR)
  await stage.run(MINUTE)
  const byHand = async (weight: number) => {
    const split = [
      { revisionName: 'pricing--v1', weight: 100 - weight },
      { revisionName: canaryOf(stage), weight },
    ]
    stage.world.edit(pricingManifest().target, (hand) => hand.traffic(split))
    await stage.run(5 * MINUTE)
    return weights(stage)
  }
  expect(await byHand(20)).toEqual({ 'pricing--v1': 100 })
  expect(kinds(stage)).toContain('late-write-corrected')
  // Any other weight is a hand's, and stays.
  expect(await byHand(30)).toEqual({ 'pricing--v1': 70, [canaryOf(stage)]: 30 })
  expect(kinds(stage)).toContain('foreign-edit')
})
