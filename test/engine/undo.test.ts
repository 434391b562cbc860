import { expect, test } from 'vitest'
import { obeyCommand } from '../../lib/engine/command.ts'
import { undo } from '../../lib/engine/undo.ts'
import { aCommand } from '../support/builders.ts'
import { givenPricing, HOUR, MINUTE, PRICING, plan, untilFinished, version } from '../support/story.ts'

const UNDO = aCommand('undo', { id: 'back', to: null })

/** Version 2 with all traffic; what served before it is the first revision. */
async function given() {
  const stage = await givenPricing({ stages: plan([10, 1], [100, 0]) })
  await stage.push(version(2))
  await untilFinished(stage, 8 * HOUR)
  const [item] = await stage.store.load(PRICING.environment, [PRICING.name])
  if (item === undefined) throw new Error('unreachable')
  return { stage, item }
}

test('whoever loses the race for an undo has done nothing, and asks again', async () => {
  const { stage, item } = await given()
  await stage.push(version(3, { pushedAt: stage.clock.now() }))
  expect(await undo(stage.wheel, item, { ...UNDO, to: 'pricing--v1' })).toBeNull()
  expect(stage.rollout(PRICING)).toMatchObject({ number: 2, cause: 'push' })
})

test('an undo to the first revision is refused while the app cannot be seen', async () => {
  const { stage } = await given()
  const observe = async () => []
  const apps = { observe, perform: async () => {} }
  expect(await obeyCommand({ ...stage.wheel, apps }, PRICING, UNDO)).toMatchObject({
    kind: 'refused',
    because: expect.stringContaining('the app cannot be seen'),
  })
})

test('an undo while a rollback runs waits for it, and names the pushes that wait behind it', async () => {
  const { stage } = await given()
  await stage.push(version(3, { pushedAt: stage.clock.now() }))
  await stage.run(5 * MINUTE)
  for (const n of [4, 5]) await stage.push(version(n, { pushedAt: stage.clock.now() + n }))
  const asked = aCommand('undo', { id: 'back', to: 'v2' })
  expect(await obeyCommand(stage.wheel, PRICING, asked)).toMatchObject({
    because: 'pricing-2 is rolled back first; then v2 is brought back; v5 waits and begins after v2',
  })
  expect(stage.store.auditOf(PRICING).filter(({ kind }) => kind === 'rollback-started')).toHaveLength(1)
})
