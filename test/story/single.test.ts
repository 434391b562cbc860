import { expect, test } from 'vitest'
import type { Stage } from '../../sim/runner.ts'
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
  sentences,
  version,
  weights,
} from '../support/story.ts'

const STABLE = 'pricing--v1'

function edit(stage: Stage, change: (hand: Hand) => void): void {
  stage.world.edit(pricingManifest().target, change)
}

function deeds(stage: Stage): readonly string[] {
  return stage.world.log.filter(({ actor }) => actor === 'slipway').map(({ kind }) => kind)
}

/** A canary at ten percent, and somebody who sets the app to Single: the newest revision has all users, stable is switched off. */
async function givenSingle(also: (hand: Hand) => void = () => {}): Promise<Stage> {
  const stage = await givenPricing({ stages: plan([10, 4], [100, 0]) })
  await stage.push(version(2))
  await stage.runUntil('the canary has ten percent', () => weights(stage)[STABLE] === 90, HOUR)
  await stage.run(10 * MINUTE)
  edit(stage, (hand) => {
    hand.mode('Single')
    also(hand)
  })
  return stage
}

const toLatest = (hand: Hand) => hand.traffic([{ latestRevision: true, weight: 100 }])

/** From now until all users are at stable again, milliseconds. */
async function untilBack(stage: Stage): Promise<number> {
  const began = stage.clock.now()
  const isBack = () => {
    const { weights: dealt, revisions } = stage.world.ingress(pricingManifest().target)
    return dealt[STABLE] === 100 && revisions.some(({ name, state }) => name === STABLE && state === 'ready')
  }
  await stage.runUntil('all users are at stable again', isBack, HOUR)
  return stage.clock.now() - began
}

test('an app that somebody sets to Single in the middle of a canary is an alarm, and not fought', async () => {
  const stage = await givenSingle(toLatest)
  const before = deeds(stage).length
  await stage.run(20 * MINUTE)
  expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'paused', why: 'foreign-edit' })
  expect(sentences(stage).filter((said) => said.includes('revision mode'))).not.toEqual([])
  expect(await stage.command(PRICING, 'resume')).toMatchObject({
    kind: 'refused',
    because: expect.stringContaining('az containerapp revision set-mode -n pricing'),
  })
  await stage.run(HOUR)
  expect(deeds(stage)).toHaveLength(before)
  expect(stage.world.see(pricingManifest().target).mode).toBe('Single')
})

test.each([
  ['with all users at the newest', toLatest],
  ['with a share of the users at the revision that was switched off', () => {}],
])('an abort in Single mode, %s, brings every user back to stable within two minutes', async (_, also) => {
  const stage = await givenSingle(also)
  await stage.run(5 * MINUTE)
  const before = deeds(stage).length
  await stage.command(PRICING, 'abort')
  expect(await untilBack(stage)).toBeLessThanOrEqual(2 * MINUTE)
  expect(deeds(stage).slice(before)).toEqual(['patch', 'activate', 'patch'])
  await stage.runUntil('it is over', () => stage.rollout(PRICING).phase.kind === 'finished', HOUR)
  expect(stage.rollout(PRICING).phase).toMatchObject({ outcome: 'aborted' })
  expect(kinds(stage)).toContain('mode-set')
  await stage.run(6 * HOUR)
  expect(weights(stage)).toEqual({ [STABLE]: 100 })
  expect(deeds(stage).length - before).toBeLessThanOrEqual(4)
  expectSound(stage)
  await stage.push(version(3))
  await stage.runUntil('the next version has ten percent', () => weights(stage)[STABLE] === 90, HOUR)
})

test('whoever sets it to Single again and again keeps the canary, is told of, and is not written against without end', async () => {
  const stage = await givenSingle(toLatest)
  await stage.command(PRICING, 'abort')
  const before = deeds(stage).length
  for (let minute = 0; minute < 60; minute += 1) {
    await stage.run(MINUTE)
    if (stage.world.see(pricingManifest().target).provisioning !== 'InProgress')
      edit(stage, (hand) => {
        hand.mode('Single')
        toLatest(hand)
      })
  }
  expect(deeds(stage).length - before).toBeLessThanOrEqual(4 * 60)
  await stage.run(5 * MINUTE)
  expect(stage.rollout(PRICING).phase.kind).toBe('finished')
})
