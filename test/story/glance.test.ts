import { describe, expect, test } from 'vitest'
import type { Observed } from '../../lib/core/app.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { Stage, StageOptions } from '../../sim/runner.ts'
import type { Hand } from '../../sim/world/types.ts'
import {
  expectSound,
  givenPricing,
  HOUR,
  kinds,
  MINUTE,
  PRICING,
  plan,
  pricingManifest,
  untilFinished,
  version,
  weights,
} from '../support/story.ts'

const STABLE = 'pricing--v1'
/** One reading of the revisions in ten minutes, as where 250 rollouts are quiet. */
const SELDOM = 0.1
const ROUND = 10 * MINUTE

/** A canary that has had its first weight for a while, in a crowd that leaves each app a turn in ten minutes. */
async function givenQuietBake(options: StageOptions = {}): Promise<Stage> {
  const stage = await givenPricing({ stages: plan([10, 3], [50, 1], [100, 0]) }, { quietReads: SELDOM, ...options })
  await stage.push(version(2))
  await stage.runUntil('the canary has ten percent', () => weights(stage)[STABLE] === 90, HOUR)
  await stage.run(15 * MINUTE)
  return stage
}

function edit(stage: Stage, change: (hand: Hand) => void): void {
  stage.world.edit(pricingManifest().target, change)
}

/** How many minutes it takes until a foreign edit is written down. */
async function minutesUntilSeen(stage: Stage): Promise<number> {
  const began = stage.clock.now()
  await stage.runUntil('it is written down', () => kinds(stage).includes('foreign-edit'), HOUR)
  return (stage.clock.now() - began) / MINUTE
}

describe('while a canary bakes quietly among many', () => {
  test('its app is read once a minute, and its revisions in turn', async () => {
    const stage = await givenQuietBake()
    const before = { ...stage.world.reads }
    await stage.run(HOUR)
    const looks = stage.world.reads.get - before.get
    const revisions = stage.world.reads.listRevisions - before.listRevisions
    expect(looks).toBeGreaterThanOrEqual(60)
    expect(revisions).toBeGreaterThanOrEqual(4)
    expect(revisions).toBeLessThanOrEqual(7)
    expectSound(stage)
  })

  test('a revision that somebody switched off is found within its turn, told with both sides, and pauses', async () => {
    const stage = await givenQuietBake()
    const canary = stage.rollout(PRICING).canary
    edit(stage, (hand) => hand.deactivate(STABLE))
    expect(await minutesUntilSeen(stage)).toBeLessThanOrEqual((1.5 * ROUND) / MINUTE + 1)
    const row = stage.store.auditOf(PRICING).find(({ kind }) => kind === 'foreign-edit')
    const change = { what: 'a revision switched off', before: [STABLE, canary], after: [canary] }
    expect(row?.detail).toEqual({ edits: [change] })
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'paused', why: 'foreign-edit' })
    expectSound(stage)
  })

  const AT_ONCE: readonly (readonly [string, (hand: Hand, canary: string) => void])[] = [
    ['another revision mode', (hand) => hand.mode('Single')],
    ['sticky sessions', (hand) => hand.sticky(true)],
    ['a new revision', (hand) => hand.deploy('registry.example.com/pricing:hotfix', 'hotfix')],
    ['a label', (hand) => hand.label('live', STABLE)],
    [
      'other weights',
      (hand, canary) =>
        hand.traffic([
          { revisionName: STABLE, weight: 80 },
          { revisionName: canary, weight: 20 },
        ]),
    ],
    [
      'traffic that follows the latest',
      (hand) =>
        hand.traffic([
          { revisionName: STABLE, weight: 90 },
          { latestRevision: true, weight: 10 },
        ]),
    ],
  ]
  test.each(AT_ONCE)('%s shows at the next look', async (_, change) => {
    const stage = await givenQuietBake()
    const { canary } = stage.rollout(PRICING)
    edit(stage, (hand) => change(hand, canary))
    expect(await minutesUntilSeen(stage)).toBeLessThanOrEqual(1)
    expectSound(stage)
  })

  test('a canary that dies without a bad figure is rolled back one look after its turn', async () => {
    const stage = await givenQuietBake()
    const began = stage.clock.now()
    stage.world.behave(version(2).digest, { never: 'crash' })
    await stage.runUntil('it is rolled back', () => kinds(stage).includes('rollback-started'), HOUR)
    expect((stage.clock.now() - began) / MINUTE).toBeLessThanOrEqual((1.5 * ROUND) / MINUTE + 2)
    expectSound(stage)
  })
})

test('what a glance would lead to is decided on a closer look, and done with it', async () => {
  const stage = await givenPricing(
    {
      stages: plan([10, 0.5, true], [100, 0]),
      deadlines: { readyMs: 10 * MINUTE, trafficMs: 10 * MINUTE, gateMs: 2 * HOUR + MINUTE / 2 },
    },
    { quietReads: SELDOM },
  )
  await stage.push(version(2))
  await stage.runUntil('the gate is shut for good', () => kinds(stage).includes('rollback-started'), 6 * HOUR)
  const row = stage.store.auditOf(PRICING).find(({ kind }) => kind === 'rollback-started')
  expect(row?.notes).toContain('nobody opened the gate')
  expect(stage.world.log.at(-1)).toMatchObject({ actor: 'slipway', kind: 'patch', at: row?.happenedAt })
  expect(stage.rollout(PRICING).footprint?.revisionsAt).toBe(row?.happenedAt)
  expect(await untilFinished(stage, HOUR)).toBe('aborted')
  expectSound(stage)
})

describe('where a closer look brings no answer', () => {
  /** A way to Azure on which whatever is asked beside the usual look is lost. */
  const lossy = (sockets: Wheel): Wheel => ({
    ...sockets,
    apps: {
      ...sockets.apps,
      observe: async (targets, urgent, quiet) =>
        quiet === undefined ? [] : sockets.apps.observe(targets, urgent, quiet),
    },
  })
  const troubles = (stage: Stage) =>
    stage.store.auditOf(PRICING).flatMap(({ kind, notes }) => (kind === 'trouble' ? [notes] : []))

  test('to something new, it is said, and seen with the next look', async () => {
    const stage = await givenQuietBake({ plant: lossy })
    const before = weights(stage)
    edit(stage, (hand) => hand.sticky(true))
    expect(await minutesUntilSeen(stage)).toBeLessThanOrEqual(2)
    expect(troubles(stage)).toEqual(['no answer about pricing'])
    expect(weights(stage)).toEqual(before)
    expectSound(stage)
  })

  test('to a decision, it is decided on what is there, and nothing is done before the next look', async () => {
    const deadlines = { readyMs: 10 * MINUTE, trafficMs: 10 * MINUTE, gateMs: 2 * HOUR + MINUTE / 2 }
    const stages = plan([10, 0.5, true], [100, 0])
    const stage = await givenPricing({ stages, deadlines }, { quietReads: SELDOM, plant: lossy })
    await stage.push(version(2))
    await stage.runUntil('the gate is shut for good', () => kinds(stage).includes('rollback-started'), 6 * HOUR)
    expect(troubles(stage)).toEqual(['no answer about pricing'])
    expect(weights(stage)[STABLE]).toBe(90)
    expect(await untilFinished(stage, 5 * MINUTE)).toBe('aborted')
    expect(weights(stage)).toEqual({ [STABLE]: 100 })
    expectSound(stage)
  })
})

test('every deed follows a look at the revisions, and the life of a rollout is the same as with all of them', async () => {
  const lives = []
  for (const quietReads of [SELDOM, 1_000]) {
    const unseen: string[] = []
    const stage = await givenPricing(
      { stages: plan([10, 1], [50, 0.5], [100, 0.5]) },
      { quietReads, plant: (sockets) => watched(sockets, unseen) },
    )
    const began = stage.clock.now()
    await stage.push(version(2))
    expect(await untilFinished(stage, 6 * HOUR)).toBe('promoted')
    await stage.run(HOUR)
    expect(unseen).toEqual([])
    expectSound(stage)
    lives.push(stage.store.auditOf(PRICING).map(({ happenedAt, kind }) => [(happenedAt - began) / MINUTE, kind]))
  }
  expect(lives[0]).toEqual(lives[1])
})

/** Sockets that tell of each deed before which the newest sight of the app was a glance. */
function watched(sockets: Wheel, unseen: string[]): Wheel {
  let newest: Observed | undefined
  return {
    ...sockets,
    apps: {
      observe: async (...asked) => {
        const seen = await sockets.apps.observe(...asked)
        newest = seen.at(-1)
        return seen
      },
      perform: (target, action, urgent) => {
        if (newest?.kind !== 'seen') unseen.push(action.kind)
        return sockets.apps.perform(target, action, urgent)
      },
    },
  }
}
