import { expect, test } from 'vitest'
import type { Caller, Role } from '../../lib/core/caller.ts'
import { waitingGates } from '../../lib/engine/approvals.ts'
import { obeyCommand } from '../../lib/engine/command.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { aCommand } from '../support/builders.ts'
import { givenPricing, HOUR, PRICING, plan, untilFinished, version } from '../support/story.ts'

function caller(role: Role, name: string, services: readonly string[] | null = null): Caller {
  const grants = [{ role, environments: null, services }]
  return { id: `id-${name}`, name, kind: 'person', grants, method: 'token' }
}

test('gates that wait are told to those who may see them, with whether they may open them', async () => {
  const approvals = { required: 2, from: null, notAuthor: true, validForMs: null }
  const stage = await givenPricing({ stages: plan([10, 1, true], [100, 0]), approvals })
  const gates = (who: Caller) => waitingGates(stage.wheel, ['production', 'staging'], who)
  expect(await gates(caller('admin', 'ada'))).toEqual([])
  await stage.push(version(2, { author: 'dev' }))
  await stage.runUntil('the gate waits', () => stage.rollout(PRICING).phase.kind === 'paused', 4 * HOUR)
  const mine = async (who: Caller) => (await gates(who)).map((gate) => gate.mine)
  expect(await mine(caller('approver', 'ada'))).toEqual([{ may: true, because: 'you may approve step 1' }])
  expect(await mine(caller('operator', 'ada'))).toEqual([{ may: false, because: 'it takes the role approver' }])
  expect(await mine(caller('approver', 'dev'))).toMatchObject([{ may: false }])
  expect(await mine(caller('approver', 'ada', ['basket']))).toEqual([])
  const { digest } = version(2)
  await stage.command(PRICING, 'approve', { actor: 'ada', actorId: 'id-ada', step: 1, digest })
  expect(await mine(caller('approver', 'ada'))).toMatchObject([{ because: expect.stringContaining('have approved') }])
})

test('a retry and an undo that lose a race are tried again', async () => {
  const stage = await givenPricing({ stages: plan([10, 1], [100, 0]) })
  await stage.push(version(2))
  await untilFinished(stage, 8 * HOUR)
  let losses = 0
  const { store } = stage.wheel
  const wheel: Wheel = {
    ...stage.wheel,
    store: { ...store, commit: async (change) => (losses-- > 0 ? 'conflict' : store.commit(change)) },
  }
  losses = 2
  expect((await obeyCommand(wheel, PRICING, aCommand('undo'))).kind).toBe('done')
  expect(await obeyCommand(wheel, PRICING, aCommand('undo'))).toMatchObject({ kind: 'repeated' })
  await stage.command(PRICING, 'abort')
  await untilFinished(stage, HOUR)
  losses = 2
  expect((await obeyCommand(wheel, PRICING, aCommand('retry'))).kind).toBe('done')
  expect(stage.rollout(PRICING)).toMatchObject({ cause: 'undo', number: 3 })
})
