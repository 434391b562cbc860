import { describe, expect, test } from 'vitest'
import type { Stage } from '../../sim/runner.ts'
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
  timeline,
  untilFinished,
  version,
  weights,
} from '../support/story.ts'

const STABLE = 'pricing--v1'

/** Pricing with version 2 at ten percent, seen at the ingress. */
async function givenCanary(...given: Parameters<typeof givenPricing>): Promise<Stage> {
  const stage = await givenPricing(...given)
  await stage.push(version(2))
  await stage.runUntil('the canary has ten percent', () => canaryWeight(stage) === 10, HOUR)
  await stage.run(2 * MINUTE)
  return stage
}

function canaryWeight(stage: Stage): number {
  return weights(stage)[stage.rollout(PRICING).canary] ?? 0
}

/** A traffic list as the portal would write it. */
function shares(canary: string, stable: number, weight: number) {
  return [
    { revisionName: STABLE, weight: stable },
    { revisionName: canary, weight },
  ]
}

function slow(stage: Stage, n: number): void {
  stage.metrics.profile(version(n).digest, { rps: 50, p95Ms: 600, errorRate: 0.0002 })
}

describe('a newer push while a canary runs', () => {
  test('supersedes it: the old canary goes back first, the new one starts from step one', async () => {
    const stage = await givenCanary()
    const old = stage.rollout(PRICING).canary
    await stage.push(version(3))
    await stage.runUntil(
      'version 3 has ten percent',
      () => stage.rollout(PRICING).number === 2 && canaryWeight(stage) === 10,
      HOUR,
    )
    expect(weights(stage)[old]).toBeUndefined()
    expect(weights(stage)[STABLE]).toBe(90)
    expect(sentences(stage).join('\n')).toContain('v3 supersedes pricing-1 (v2), which is rolled back first')
    expect(await untilFinished(stage, 80 * HOUR)).toBe('promoted')
    expectSound(stage)
  })

  test('only the newest of several waits when they supersede each other', async () => {
    const stage = await givenCanary()
    await stage.push(version(3))
    await stage.push(version(4))
    await stage.runUntil('version 4 runs', () => stage.rollout(PRICING).push.tag === 'v4', HOUR)
    expect(stage.rollout(PRICING).number).toBe(2)
  })

  test('queues behind it: every version has its turn, in order', async () => {
    const stage = await givenCanary({ onNewRevision: 'queue', stages: plan([10, 1], [100, 0]) })
    await stage.push(version(3))
    await stage.push(version(4))
    await stage.run(30 * MINUTE)
    expect(stage.rollout(PRICING).push.tag).toBe('v2')
    await stage.run(8 * HOUR)
    const started = sentences(stage).filter((sentence) => sentence.includes('was pushed; rollout'))
    expect(started.map((sentence) => /(v\d) \(/.exec(sentence)?.[1])).toEqual(['v2', 'v3', 'v4'])
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'finished', outcome: 'promoted' })
    expectSound(stage)
  })

  test('is rejected where the manifest says so, and the reason can be read back', async () => {
    const stage = await givenCanary({ onNewRevision: 'reject' })
    const [record] = await stage.push(version(3))
    expect(record).toMatchObject({ outcome: 'rejected', rollout: 'pricing-1' })
    expect(record?.reason).toContain('still running and the manifest says reject')
    expect(await untilFinished(stage, 80 * HOUR)).toBe('promoted')
    expect(stage.rollout(PRICING).push.tag).toBe('v2')
  })
})

describe('deliveries', () => {
  test('the same event ten times, and again later, is one rollout', async () => {
    const stage = await givenPricing()
    const outcomes: string[] = []
    for (let n = 0; n < 10; n++) {
      outcomes.push((await stage.push(version(2)))[0]?.outcome ?? '')
      await stage.run(1)
    }
    await stage.run(HOUR)
    outcomes.push((await stage.push(version(2)))[0]?.outcome ?? '')
    expect(outcomes).toEqual(['rollout', ...Array(10).fill('duplicate')])
    expect(stage.store.peek(PRICING)?.service.rolloutNumber).toBe(1)
  })

  test('a promoted digest that was taken back by hand begins anew when it is pushed again', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    await untilFinished(stage, 80 * HOUR)
    await stage.run(2 * HOUR)
    const again = (eventId: string) => stage.push(version(2, { eventId, pushedAt: stage.clock.now() }))
    await again('still-serving')
    expect(await untilFinished(stage, HOUR)).toBe('unchanged')
    stage.world.edit(pricingManifest().target, (hand) => {
      hand.activate(STABLE)
      hand.traffic([{ revisionName: STABLE, weight: 100 }])
    })
    await stage.run(HOUR)
    expect((await again('after-the-rollback'))[0]).toMatchObject({ outcome: 'rollout', rollout: 'pricing-3' })
    expect(await untilFinished(stage, 80 * HOUR)).toBe('promoted')
    expectSound(stage)
  })

  test('an older push that arrives after a newer one is ignored with the reason', async () => {
    const stage = await givenPricing()
    await stage.push(version(3))
    const [late] = await stage.push(version(2))
    expect(late).toMatchObject({ outcome: 'ignored', reason: 'v2 was pushed before v3, which arrived first' })
    expect(stage.rollout(PRICING).push.tag).toBe('v3')
  })

  test('unknown repositories and tags that do not match are ignored with a reason that can be read back', async () => {
    const stage = await givenPricing()
    await stage.push(version(2, { repository: 'stranger' }))
    await stage.push(version(2, { tag: 'latest' }))
    const { items } = await stage.store.page(10, null)
    expect(items.map(({ outcome }) => outcome)).toEqual(['ignored', 'ignored'])
    expect(items.map(({ reason }) => reason).join(' ')).toContain(
      'no service takes images from registry.example.com/stranger',
    )
    expect(items.map(({ reason }) => reason).join(' ')).toContain('tag latest does not match v*')
  })

  test('a digest that the registry does not have never touches the app', async () => {
    const stage = await givenPricing()
    stage.registry.remove(version(2).digest)
    await stage.push(version(2))
    expect(await untilFinished(stage, HOUR)).toBe('failed')
    expect(stage.world.log).toEqual([])
    expect(Object.values(stage.world.reads).every((count) => count === 0)).toBe(true)
  })

  test('while the registry cannot say what is there Azure is not even read, and then the rollout goes on', async () => {
    const stage = await givenPricing()
    stage.registry.trouble = { kind: 'unavailable', message: 'the registry is down', retryAfterMs: null }
    await stage.push(version(2))
    await stage.run(5 * MINUTE)
    expect(stage.rollout(PRICING)).toMatchObject({
      phase: { kind: 'preparing' },
      trouble: { message: 'the registry is down' },
    })
    expect(Object.values(stage.world.reads).every((count) => count === 0)).toBe(true)
    stage.registry.trouble = null
    await stage.runUntil('the canary has ten percent', () => canaryWeight(stage) === 10, HOUR)
    expectSound(stage)
  })

  test('the digest of the event is what runs', async () => {
    const stage = await givenCanary()
    const { revisions } = stage.world.see(pricingManifest().target)
    const canary = revisions.find(({ name }) => name === stage.rollout(PRICING).canary)
    expect(canary?.image).toBe(`registry.example.com/pricing@${version(2).digest}`)
  })
})

describe('people', () => {
  test('a manual gate holds the canary until somebody promotes', async () => {
    const stage = await givenPricing({ stages: plan([10, 1, true], [100, 0]) })
    await stage.push(version(2))
    await stage.run(30 * HOUR)
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'paused', why: 'gate' })
    expect(canaryWeight(stage)).toBe(10)
    expect(await stage.command(PRICING, 'resume')).toMatchObject({ kind: 'refused' })
    expect(await stage.command(PRICING, 'promote')).toMatchObject({ kind: 'done' })
    expect(await untilFinished(stage, HOUR)).toBe('promoted')
    expectSound(stage)
  })

  test('a canary that breaks at an open gate is rolled back all the same', async () => {
    const stage = await givenPricing({ stages: plan([10, 1, true], [100, 0]) })
    await stage.push(version(2))
    await stage.runUntil('the gate is reached', () => stage.rollout(PRICING).phase.kind === 'paused', 5 * HOUR)
    slow(stage, 2)
    expect(await untilFinished(stage, HOUR)).toBe('rolled-back')
  })

  test('abort takes the canary out within the request, without waiting for a tick', async () => {
    const stage = await givenCanary()
    expect(canaryWeight(stage)).toBe(10)
    const answer = await stage.command(PRICING, 'abort', { reason: 'support calls' })
    expect(answer).toMatchObject({ kind: 'done', rollout: 'pricing-1' })
    const [last] = stage.world.log.slice(-1)
    expect(last).toMatchObject({ at: stage.clock.now(), kind: 'patch', traffic: { [STABLE]: 100 } })
    expect(await untilFinished(stage, HOUR)).toBe('aborted')
    expect(weights(stage)).toEqual({ [STABLE]: 100 })
    expect(sentences(stage).some((sentence) => sentence.includes('aborted by olga: support calls'))).toBe(true)
  })

  test('the same command id twice does the thing once and gives the same answer', async () => {
    const stage = await givenCanary()
    const first = await stage.command(PRICING, 'pause', { id: 'one' })
    await stage.command(PRICING, 'resume')
    const again = await stage.command(PRICING, 'pause', { id: 'one' })
    expect(again).toEqual({ ...first, kind: 'repeated' })
    expect(stage.rollout(PRICING).phase.kind).toBe('progressing')
  })

  test('pause holds the weight for as long as it lasts, resume goes on', async () => {
    const stage = await givenCanary({ stages: plan([10, 1], [100, 0]) })
    await stage.command(PRICING, 'pause')
    await stage.run(20 * HOUR)
    expect(canaryWeight(stage)).toBe(10)
    await stage.command(PRICING, 'resume')
    expect(await untilFinished(stage, HOUR)).toBe('promoted')
  })

  test('promote full skips every step that is left', async () => {
    const stage = await givenCanary()
    await stage.command(PRICING, 'promote-full')
    expect(await untilFinished(stage, HOUR)).toBe('promoted')
    expectSound(stage)
  })

  test('retry tries the same digest again with a fresh revision after a rollback', async () => {
    const stage = await givenCanary()
    const first = stage.rollout(PRICING).canary
    await stage.command(PRICING, 'abort')
    await untilFinished(stage, HOUR)
    expect(await stage.command(PRICING, 'retry')).toMatchObject({ kind: 'done', rollout: 'pricing-2' })
    await stage.runUntil('the second attempt has ten percent', () => canaryWeight(stage) === 10, HOUR)
    expect(stage.rollout(PRICING).canary).not.toBe(first)
    expect(stage.rollout(PRICING).push.digest).toBe(version(2).digest)
    expectSound(stage)
  })

  test('a manifest changed in the middle applies to the next rollout, and says so', async () => {
    const stage = await givenCanary()
    await stage.declare(pricingManifest({ stages: plan([5, 1], [100, 0]) }))
    await stage.run(2 * HOUR)
    expect(canaryWeight(stage)).toBe(10)
    expect(
      sentences(stage).some((sentence) => sentence.includes('pricing-1 goes on with the version it began with')),
    ).toBe(true)
    await stage.push(version(3))
    await stage.runUntil(
      'the next rollout has five percent',
      () => stage.rollout(PRICING).number === 2 && canaryWeight(stage) === 5,
      HOUR,
    )
  })
})

describe('Azure', () => {
  test('409 while another operation runs is waited out', async () => {
    const stage = await givenPricing()
    stage.world.inject({
      on: 'patch',
      until: stage.clock.now() + 4 * MINUTE,
      refusal: {
        status: 409,
        code: 'ContainerAppOperationInProgress',
        message: 'Cannot modify a container app while an operation is in progress.',
      },
    })
    await stage.push(version(2))
    await stage.run(3 * MINUTE)
    expect(stage.rollout(PRICING).trouble).toMatchObject({ kind: 'conflict', during: 'deed' })
    await stage.runUntil('the canary has ten percent', () => canaryWeight(stage) === 10, HOUR)
    // Written down by the look that sees it.
    await stage.run(MINUTE)
    expect(kinds(stage)).toContain('trouble-over')
    expectSound(stage)
  })

  test('429 is obeyed on the way up, and does not keep a rollback from being tried', async () => {
    const stage = await givenCanary()
    stage.world.inject({
      on: 'patch',
      until: stage.clock.now() + 3 * MINUTE,
      refusal: { status: 429, code: 'TooManyRequests', message: 'Too many requests.', retryAfterS: 20 },
    })
    await stage.command(PRICING, 'abort')
    expect(canaryWeight(stage)).toBe(10)
    await stage.runUntil('the canary has no traffic', () => canaryWeight(stage) === 0, 5 * MINUTE)
    expect(await untilFinished(stage, HOUR)).toBe('aborted')
    expectSound(stage)
  })

  test('a revision that cannot be pulled ends as failed, the template is repaired, and the next push goes through', async () => {
    const stage = await givenPricing()
    stage.world.behave(version(2).digest, { never: 'pull-fails' })
    await stage.push(version(2))
    expect(await untilFinished(stage, HOUR)).toBe('failed')
    expect(kinds(stage)).toContain('repair-requested')
    expect(weights(stage)).toEqual({ [STABLE]: 100 })
    await stage.push(version(3))
    expect(await untilFinished(stage, 80 * HOUR)).toBe('promoted')
    expectSound(stage)
  })

  test('a revision that crashes never gets traffic', async () => {
    const stage = await givenPricing()
    const began = stage.clock.now()
    stage.world.behave(version(2).digest, { never: 'crash' })
    await stage.push(version(2))
    expect(await untilFinished(stage, HOUR)).toBe('failed')
    expect(timeline(stage, stage.rollout(PRICING).canary, began)).toEqual([[0, 0]])
    expectSound(stage)
  })

  test('a canary that scaled to zero is woken before it gets traffic', async () => {
    const stage = await givenPricing()
    stage.world.behave(version(2).digest, { scaleToZero: true })
    await stage.push(version(2))
    await stage.runUntil('the canary has ten percent', () => canaryWeight(stage) === 10, HOUR)
    expectSound(stage)
  })

  test('an app in single revision mode is refused with the command that mends it', async () => {
    const stage = await givenPricing()
    stage.world.edit(pricingManifest().target, (hand) => hand.mode('Single'))
    await stage.push(version(2))
    expect(await untilFinished(stage, HOUR)).toBe('refused')
    expect(sentences(stage).at(-1)).toContain('az containerapp revision set-mode -n pricing -g rides')
    expect(stage.world.log.filter(({ actor }) => actor === 'slipway')).toEqual([])
  })
})

describe('foreign hands', () => {
  test('weights changed in the portal are seen within a tick, audited with both sides, and pause the rollout', async () => {
    const stage = await givenCanary()
    const { canary } = stage.rollout(PRICING)
    stage.world.edit(pricingManifest().target, (hand) => hand.traffic(shares(canary, 70, 30)))
    const edited = stage.clock.now()
    await stage.runUntil('it is noticed', () => stage.rollout(PRICING).phase.kind === 'paused', HOUR)
    expect(stage.clock.now() - edited).toBeLessThanOrEqual(MINUTE)
    const row = stage.store.auditOf(PRICING).find(({ kind }) => kind === 'foreign-edit')
    expect(row?.weightsBefore).toEqual({ [STABLE]: 90, [canary]: 10 })
    expect(row?.weightsAfter).toEqual({ [STABLE]: 70, [canary]: 30 })
    await stage.run(60 * HOUR)
    expect(weights(stage)).toEqual({ [STABLE]: 70, [canary]: 30 })
    await stage.command(PRICING, 'resume')
    await stage.run(2 * MINUTE)
    expect(canaryWeight(stage)).toBe(10)
    expectSound(stage)
  })

  test('abort after a foreign edit still takes the canary out', async () => {
    const stage = await givenCanary()
    const { canary } = stage.rollout(PRICING)
    stage.world.edit(pricingManifest().target, (hand) => hand.traffic(shares(canary, 33, 67)))
    await stage.run(2 * MINUTE)
    await stage.command(PRICING, 'abort')
    expect(await untilFinished(stage, HOUR)).toBe('aborted')
    expect(weights(stage)).toEqual({ [STABLE]: 100 })
  })

  test('foreign labels stay where they were through promotion', async () => {
    const stage = await givenPricing()
    stage.world.edit(pricingManifest().target, (hand) => hand.label('live', STABLE))
    await stage.push(version(2))
    expect(await untilFinished(stage, 80 * HOUR)).toBe('promoted')
    const { traffic } = stage.world.see(pricingManifest().target)
    expect(traffic.find(({ label }) => label === 'live')).toEqual({ revision: STABLE, weight: 0, label: 'live' })
  })

  test('a writer that slept through the end and brings old weights back is corrected', async () => {
    const stage = await givenCanary()
    const { canary } = stage.rollout(PRICING)
    await stage.command(PRICING, 'abort')
    await untilFinished(stage, HOUR)
    stage.world.edit(pricingManifest().target, (hand) => hand.traffic(shares(canary, 90, 10)))
    await stage.runUntil('it is put right', () => canaryWeight(stage) === 0, 3 * MINUTE)
    expect(kinds(stage)).toContain('late-write-corrected')
  })

  test('traffic that followed the latest revision is pinned before a revision is made', async () => {
    const stage = await givenPricing()
    const spec = {
      target: pricingManifest().target,
      image: 'registry.example.com/pricing:v1',
      suffix: 'v1',
      latestRevisionTraffic: true,
    }
    stage.world.removeApp(spec.target)
    stage.world.addApp(spec)
    const began = stage.clock.now()
    await stage.push(version(2))
    await stage.runUntil('the canary has ten percent', () => canaryWeight(stage) === 10, HOUR)
    expect(kinds(stage)).toContain('traffic-pinned')
    expect(timeline(stage, stage.rollout(PRICING).canary, began).map(([, weight]) => weight)).toEqual([0, 10])
  })
})

describe('measurements and time', () => {
  test('while the source is down for an hour traffic stays and nothing is decided', async () => {
    const stage = await givenCanary({ stages: plan([10, 1], [100, 0]) })
    await stage.run(30 * MINUTE)
    stage.metrics.ailment = 'outage'
    await stage.run(HOUR)
    expect(canaryWeight(stage)).toBe(10)
    expect(stage.rollout(PRICING).phase.kind).toBe('progressing')
    expect(kinds(stage)).toContain('measurements-lost')
    stage.metrics.ailment = null
    expect(await untilFinished(stage, HOUR)).toBe('promoted')
    expect(kinds(stage)).toContain('measurements-back')
  })

  test('no requests at all never promote: the step waits, then asks a person', async () => {
    const stage = await givenPricing()
    stage.metrics.ailment = 'silence'
    await stage.push(version(2))
    await stage.run(80 * HOUR)
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'paused', why: 'inconclusive' })
    expect(canaryWeight(stage)).toBe(10)
  })

  test('an hour of missed timers changes nothing but the time', async () => {
    const stage = await givenCanary({ stages: plan([10, 1], [50, 1], [100, 0]) })
    stage.wakes.timer = false
    stage.wakes.bell = false
    await stage.run(5 * HOUR)
    expect(canaryWeight(stage)).toBe(10)
    stage.wakes.timer = true
    stage.wakes.bell = true
    await stage.run(2 * MINUTE)
    expect(canaryWeight(stage)).toBe(50)
    expect(await untilFinished(stage, 3 * HOUR)).toBe('promoted')
  })

  test.each(['timer', 'bell'] as const)('the %s alone is enough', async (only) => {
    const stage = await givenPricing({ stages: plan([10, 1], [50, 1], [100, 0]) })
    stage.wakes.timer = only === 'timer'
    stage.wakes.bell = only === 'bell'
    await stage.push(version(2))
    expect(await untilFinished(stage, 4 * HOUR)).toBe('promoted')
    expectSound(stage)
  })
})

describe('guards that need no statistics', () => {
  const measuredByAzure = () => {
    const { analysis } = pricingManifest()
    const kpis = analysis.kpis.filter(({ kind }) => kind === 'error-rate')
    return {
      analysis: { ...analysis, kpis: kpis.map((kpi) => ({ ...kpi, source: { kind: 'azure-metrics' } as const })) },
    }
  }

  test('a canary that keeps restarting is rolled back at the second look', async () => {
    const stage = await givenCanary(measuredByAzure())
    stage.restarts.told.set(stage.rollout(PRICING).canary, 3)
    await stage.run(4 * MINUTE)
    expect(await untilFinished(stage, HOUR)).toBe('rolled-back')
    expect(
      sentences(stage).some((said) => /restarted 3 times within ten minutes, at 2 looks in a row/.test(said)),
    ).toBe(true)
    expectSound(stage)
  })

  test('two restarts are let be, and so is what nobody can tell', async () => {
    const stage = await givenCanary(measuredByAzure())
    for (const told of [2, null, 2]) {
      stage.restarts.told.set(stage.rollout(PRICING).canary, told)
      await stage.run(5 * MINUTE)
    }
    expect(stage.rollout(PRICING).phase.kind).toBe('progressing')
  })

  test('restarts are asked for only where Azure Monitor measures anyway', async () => {
    const stage = await givenCanary()
    stage.restarts.told.set(stage.rollout(PRICING).canary, 9)
    await stage.run(10 * MINUTE)
    expect(stage.rollout(PRICING).phase.kind).toBe('progressing')
  })
})
