import { expect, test } from 'vitest'
import { addFreeze } from '../../lib/engine/freeze.ts'
import { instanceMeters, metersOf, metersText } from '../../lib/engine/meters.ts'
import type { Stage } from '../../sim/runner.ts'
import { givenPricing, HOUR, MINUTE, PRICING, plan, pricingManifest, version } from '../support/story.ts'

const GATED = { stages: plan([10, 0.1, true], [100, 0]), onNewRevision: 'queue' } as const

async function text(stage: Stage): Promise<readonly string[]> {
  return metersText(await metersOf(stage.wheel, ['production']))
    .trimEnd()
    .split('\n')
}

/** The figures alone, without what they mean. */
async function figures(stage: Stage): Promise<readonly string[]> {
  return (await text(stage))
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace('environment="production"', ''))
}

test('the figures of a control plane at rest are all there, with what they mean, word by word', async () => {
  expect(await text(await givenPricing())).toEqual([
    '# HELP slipway_rollouts Newest rollouts of services, by phase.',
    '# TYPE slipway_rollouts gauge',
    'slipway_rollouts{environment="production",phase="preparing"} 0',
    'slipway_rollouts{environment="production",phase="provisioning"} 0',
    'slipway_rollouts{environment="production",phase="progressing"} 0',
    'slipway_rollouts{environment="production",phase="paused"} 0',
    'slipway_rollouts{environment="production",phase="rolling-back"} 0',
    'slipway_rollouts{environment="production",phase="finished"} 0',
    '# HELP slipway_services Services that have a manifest.',
    '# TYPE slipway_services gauge',
    'slipway_services{environment="production"} 1',
    '# HELP slipway_oldest_due_seconds How long the most overdue look has been due; 0 = none is.',
    '# TYPE slipway_oldest_due_seconds gauge',
    'slipway_oldest_due_seconds{environment="production"} 0',
    '# HELP slipway_trouble Rollouts that the outside refuses something.',
    '# TYPE slipway_trouble gauge',
    'slipway_trouble{environment="production"} 0',
    '# HELP slipway_pending_pushes Pushes that wait for a rollout to end.',
    '# TYPE slipway_pending_pushes gauge',
    'slipway_pending_pushes{environment="production"} 0',
    '# HELP slipway_gates_waiting Manual gates that wait for somebody.',
    '# TYPE slipway_gates_waiting gauge',
    'slipway_gates_waiting{environment="production"} 0',
    '# HELP slipway_freezes_active Freezes that hold now.',
    '# TYPE slipway_freezes_active gauge',
    'slipway_freezes_active{environment="production"} 0',
    '# HELP slipway_services_frozen Services that a freeze holds now.',
    '# TYPE slipway_services_frozen gauge',
    'slipway_services_frozen{environment="production"} 0',
  ])
})

/** Pricing, which a story is about, and a second service beside it. */
async function givenTwo(): Promise<Stage> {
  const stage = await givenPricing(GATED)
  const { target, image } = pricingManifest()
  await stage.declare({
    ...pricingManifest(),
    name: 'safety',
    target: { ...target, app: 'safety' },
    image: { ...image, repository: 'safety' },
  })
  return stage
}

const phases = (counts: Readonly<Record<string, number>>): readonly string[] =>
  ['preparing', 'provisioning', 'progressing', 'paused', 'rolling-back', 'finished'].map(
    (phase) => `slipway_rollouts{,phase="${phase}"} ${counts[phase] ?? 0}`,
  )

test('a gate that waits, pushes behind it and freezes are counted', async () => {
  const stage = await givenTwo()
  await stage.push(version(2))
  await stage.runUntil('the gate waits', () => stage.rollout(PRICING).phase.kind === 'paused', 8 * HOUR)
  await stage.push(version(3))
  await stage.push(version(4))
  const wish = { environment: 'production', reason: 'a try' } as const
  await addFreeze(stage.wheel, { ...wish, id: 'of-one', services: ['safety'], time: { kind: 'stop' } }, 'kim')
  const later = stage.clock.now() + HOUR
  await addFreeze(
    stage.wheel,
    { ...wish, id: 'later', services: null, time: { kind: 'once', from: later, until: later + HOUR } },
    'kim',
  )
  expect(await figures(stage)).toEqual([
    ...phases({ paused: 1 }),
    'slipway_services{} 2',
    'slipway_oldest_due_seconds{} 0',
    'slipway_trouble{} 0',
    'slipway_pending_pushes{} 2',
    'slipway_gates_waiting{} 1',
    'slipway_freezes_active{} 1',
    'slipway_services_frozen{} 1',
  ])
})

test('a pause that is no gate is none, and what is refused and overdue is told', async () => {
  const stage = await givenTwo()
  await stage.push(version(2))
  await stage.run(5 * MINUTE)
  await stage.command(PRICING, 'pause')
  const refusal = { status: 503, code: 'ServiceUnavailable', message: 'ARM is away' }
  stage.world.inject({ on: 'read', until: stage.clock.now() + HOUR, refusal })
  await stage.run(3 * MINUTE)
  const { wakeAt } = stage.rollout(PRICING)
  stage.clock.set((wakeAt ?? 0) + 90_000)
  expect(await figures(stage)).toEqual([
    ...phases({ paused: 1 }),
    'slipway_services{} 2',
    'slipway_oldest_due_seconds{} 90',
    'slipway_trouble{} 1',
    'slipway_pending_pushes{} 0',
    'slipway_gates_waiting{} 0',
    'slipway_freezes_active{} 0',
    'slipway_services_frozen{} 0',
  ])
})

test('what is watched after its end and what is over are finished alike; a service without a rollout is none', async () => {
  const stage = await givenTwo()
  await stage.push(version(2))
  await stage.run(5 * MINUTE)
  await stage.command(PRICING, 'abort')
  await stage.run(MINUTE)
  const watched = (await figures(stage)).slice(0, 6)
  expect(watched).toEqual(phases({ finished: 1 }))
  await stage.run(HOUR)
  expect(stage.rollout(PRICING).wakeAt).toBeNull()
  expect((await figures(stage)).slice(0, 6)).toEqual(phases({ finished: 1 }))
})

test('an instance tells what it answered and which build it is', () => {
  const answered = [{ door: 'status', method: 'GET', status: 200, count: 3 }]
  expect(metersText(instanceMeters(answered, '1.2.3')).trimEnd().split('\n')).toEqual([
    '# HELP slipway_http_requests_total Requests that this instance answered, by route, method and status.',
    '# TYPE slipway_http_requests_total counter',
    'slipway_http_requests_total{route="status",method="GET",status="200"} 3',
    '# HELP slipway_build_info Which build this is; always 1.',
    '# TYPE slipway_build_info gauge',
    'slipway_build_info{version="1.2.3"} 1',
  ])
})
