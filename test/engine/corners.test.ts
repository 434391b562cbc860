import { expect, test } from 'vitest'
import { obeyCommand } from '../../lib/engine/command.ts'
import { receive } from '../../lib/engine/receive.ts'
import { turn } from '../../lib/engine/turn.ts'
import { aCommand } from '../support/builders.ts'
import { givenPricing, HOUR, MINUTE, PRICING, pricingManifest, untilFinished, version } from '../support/story.ts'

const REPOSITORY = { registry: 'registry.example.com', repository: 'pricing' }

test('a service that takes its images from elsewhere since is not offered the old ones', async () => {
  const stage = await givenPricing()
  const elsewhere = { ...REPOSITORY, repository: 'pricing-next', tags: { kind: 'glob', pattern: '*' } } as const
  await stage.declare(pricingManifest({ image: elsewhere }))
  const [record] = await stage.push(version(2))
  expect(record).toMatchObject({ outcome: 'ignored', entityId: null })
  expect(record?.reason).toContain('no service takes images from registry.example.com/pricing')
})

test('a tag outside the range of a manifest is ignored, and the range is named', async () => {
  const stage = await givenPricing({ image: { ...REPOSITORY, tags: { kind: 'semver', range: '>=2.0.0' } } })
  const wheel = { ...stage.wheel, matchesTag: () => false }
  const [record] = await receive(wheel, { kind: 'push', push: version(2), receivedAt: 0 })
  expect(record).toMatchObject({ outcome: 'ignored', reason: 'tag v2 does not match >=2.0.0' })
})

test('a source that leaves a question unanswered is taken as one that does not answer', async () => {
  const stage = await givenPricing()
  await stage.push(version(2))
  await stage.runUntil('there is a canary', () => stage.rollout(PRICING).phase.kind === 'progressing', HOUR)
  await stage.run(10 * MINUTE)
  const silent = { ...stage.wheel, metrics: { read: async () => [] } }
  stage.clock.advance(MINUTE)
  await turn(silent, 'production', ['pricing'])
  expect(stage.rollout(PRICING).verdict).toMatchObject({
    kind: 'error',
    because: expect.stringContaining('the source gave no answer'),
  })
})

test('a push that waits is begun once, though two workers begin it', async () => {
  const stage = await givenPricing({ onNewRevision: 'queue' })
  await stage.push(version(2))
  await stage.push(version(3))
  await stage.command(PRICING, 'abort')
  await untilFinished(stage, HOUR)
  const both = await Promise.all([1, 2].map(() => turn(stage.wheel, 'production', ['pricing'])))
  expect(
    both
      .flat()
      .map(({ result }) => result)
      .sort(),
  ).toEqual(['lost', 'saved'])
  expect(stage.rollout(PRICING)).toMatchObject({ number: 2, push: { tag: 'v3' } })
})

test('a command that names a rollout is refused while there is none', async () => {
  const stage = await givenPricing()
  const abort = aCommand('abort', { id: 'a', actor: 'olga' })
  const answer = await obeyCommand(stage.wheel, PRICING, abort, 'pricing-1')
  expect(answer).toEqual({ kind: 'refused', because: 'the newest rollout is none, not pricing-1' })
})
