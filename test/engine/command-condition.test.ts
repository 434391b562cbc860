import { expect, test } from 'vitest'
import { rolloutTag } from '../../lib/core/rollout-tag.ts'
import { obeyCommand } from '../../lib/engine/command.ts'
import { aCommand } from '../support/builders.ts'
import { givenPricing, PRICING, version } from '../support/story.ts'

/** A service with a rollout that was just begun. */
async function given() {
  const stage = await givenPricing()
  await stage.push(version(2))
  return { stage, tag: () => rolloutTag(stage.rollout(PRICING)) }
}

test('a command with the tag of now is obeyed, and one with the tag of before is stale and does nothing', async () => {
  const { stage, tag } = await given()
  const before = tag()
  const ask = (id: string, ifMatch: string) => obeyCommand(stage.wheel, PRICING, aCommand('pause', { id, ifMatch }))
  expect(await ask('1', before)).toMatchObject({ kind: 'done' })
  const resume = aCommand('resume', { id: '2', ifMatch: before })
  expect(await obeyCommand(stage.wheel, PRICING, resume)).toEqual({
    kind: 'stale',
    because: expect.stringContaining('it changed since you looked'),
    etag: tag(),
  })
  expect(stage.rollout(PRICING).phase.kind).toBe('paused')
})

test('a rollout that moves on between the look and the deed is stale too', async () => {
  const { stage, tag } = await given()
  const ifMatch = tag()
  let loads = 0
  const store = {
    ...stage.wheel.store,
    load: async (environment: string, names: readonly string[]) => {
      loads += 1
      if (loads === 2) await stage.command(PRICING, 'pause', { id: 'somebody else' })
      return stage.wheel.store.load(environment, names)
    },
    answered: stage.wheel.store.answered.bind(stage.wheel.store),
    commit: stage.wheel.store.commit.bind(stage.wheel.store),
  }
  const resume = aCommand('resume', { id: '1', ifMatch })
  expect(await obeyCommand({ ...stage.wheel, store }, PRICING, resume)).toMatchObject({ kind: 'stale', etag: tag() })
  expect(stage.rollout(PRICING).phase.kind).toBe('paused')
})

test('the same id with the same content is repeated, and with other content it is refused', async () => {
  const { stage } = await given()
  const pause = aCommand('pause', { id: 'same', reason: 'lunch' })
  expect(await obeyCommand(stage.wheel, PRICING, pause)).toMatchObject({ kind: 'done' })
  expect(await obeyCommand(stage.wheel, PRICING, pause)).toMatchObject({ kind: 'repeated' })
  expect(await obeyCommand(stage.wheel, PRICING, { ...pause, reason: 'dinner' })).toEqual({
    kind: 'reused',
    because: 'the command id same was used before for another pause; take a fresh one',
  })
  expect(await obeyCommand(stage.wheel, PRICING, { ...pause, actorId: 'x', actor: 'somebody' })).toEqual({
    kind: 'reused',
    because: 'the command id same was used before by somebody else; take a fresh one',
  })
  expect(await obeyCommand(stage.wheel, PRICING, { ...pause, verb: 'abort' })).toMatchObject({
    kind: 'reused',
    because: expect.stringContaining('used before for pause'),
  })
})

test('an answer that was kept before contents were is repeated for its verb', async () => {
  const { stage } = await given()
  const record = { id: 'old', verb: 'pause', actor: 'olga', at: 0, rollout: 'pricing-1', answer: 'paused' }
  const store = { ...stage.wheel.store, answered: async () => record }
  const ask = (verb: 'pause' | 'abort') =>
    obeyCommand({ ...stage.wheel, store }, PRICING, aCommand(verb, { id: 'old' }))
  expect(await ask('pause')).toMatchObject({ kind: 'repeated', because: 'paused' })
  expect(await ask('abort')).toMatchObject({ kind: 'reused' })
})
