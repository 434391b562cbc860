import { describe, expect, test } from 'vitest'
import type { Manifest } from '../../lib/core/service.ts'
import { notify, type Postman } from '../../lib/engine/notify.ts'
import type { Stage, StageOptions } from '../../sim/runner.ts'
import { createPlace, type SimPlace } from '../support/places.ts'
import {
  expectSound,
  givenPricing,
  HOUR,
  MINUTE,
  PRICING,
  plan,
  timeline,
  untilFinished,
  version,
} from '../support/story.ts'

const QUICK = { stages: plan([10, 0.1], [50, 0.1], [100, 0]) }
const ROUND_MS = 15_000

function postmanOf({ clock, store }: Stage, ...sinks: readonly SimPlace[]): Postman {
  return { clock, outbox: store.outbox, sinks, chance: () => 0.5 }
}

/** Lets time pass with a round of telling four times a minute; nobody waits for a round. */
async function runTold(stage: Stage, postman: Postman, ms: number): Promise<void> {
  const until = stage.clock.now() + ms
  while (stage.clock.now() < until) {
    await stage.run(ROUND_MS)
    void notify(postman, 'production')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function given(changes: Partial<Manifest> = QUICK, options: StageOptions = {}): Promise<Stage> {
  return givenPricing(changes, { told: true, ...options })
}

/** What was told, as kinds, looked up in the audit by the ids that the place took. */
function kindsTold(stage: Stage, place: SimPlace): readonly string[] {
  const kinds = new Map(stage.store.auditOf(PRICING).map(({ id, kind }) => [id, kind]))
  return place.taken.map((id) => kinds.get(id) ?? `unknown ${id}`)
}

describe('each transition is told exactly once, in order, within half a minute', () => {
  test('of a promotion', async () => {
    const [stage, place] = [await given(), createPlace('ops')]
    await stage.push(version(2))
    await runTold(stage, postmanOf(stage, place), 2 * HOUR)
    expect(kindsTold(stage, place)).toEqual([
      'manifest-stored',
      'rollout-started',
      'step-started',
      'step-started',
      'step-started',
      'finished',
    ])
    expect(await stage.store.outbox.unsent('production', 10)).toEqual([])
  })

  test('of a rollback after a breach', async () => {
    const [stage, place] = [await given(), createPlace('ops')]
    stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 900, errorRate: 0.0002 })
    await stage.push(version(2))
    await runTold(stage, postmanOf(stage, place), 2 * HOUR)
    expect(kindsTold(stage, place).slice(2)).toEqual(['step-started', 'rollback-started', 'rollback-confirmed'])
  })

  test('of a gate, with who may open it, and of the person who does', async () => {
    const stages = plan([10, 0.1, true], [100, 0])
    const [stage, place] = [await given({ stages }), createPlace('ops')]
    const postman = postmanOf(stage, place)
    await stage.push(version(2))
    let gateSince: number | null = null
    for (let quarter = 0; quarter < 400 && kindsTold(stage, place).at(-1) !== 'paused'; quarter += 1) {
      await runTold(stage, postman, ROUND_MS)
      if (stage.rollout(PRICING).phase.kind === 'paused') gateSince ??= stage.clock.now()
    }
    expect(kindsTold(stage, place).at(-1)).toBe('paused')
    expect(stage.clock.now() - (gateSince ?? 0)).toBeLessThanOrEqual(MINUTE)
    expect((await stage.command(PRICING, 'promote')).kind).toBe('done')
    await runTold(stage, postman, HOUR)
    expect(kindsTold(stage, place).slice(3)).toEqual(['paused', 'promoted-by-hand', 'step-started', 'finished'])
    expect(new Set(place.threads.slice(2)).size).toBe(1)
  })
})

describe('no rollout waits for a sink', () => {
  const moods = ['hanging', 'unavailable', 'bug'] as const
  test.each(moods)('also when all sinks are %s: traffic moves at the same minutes as with none', async (mood) => {
    const tell = async (told: boolean) => {
      const stage = await given(QUICK, { told })
      const began = stage.clock.now()
      const places = ['a', 'b', 'c'].map((name) => createPlace(name))
      for (const place of places) place.mood = mood
      await stage.push(version(2))
      await runTold(stage, postmanOf(stage, ...places), 2 * HOUR)
      expectSound(stage)
      return { weights: timeline(stage, stage.rollout(PRICING).canary, began), calls: places.map(({ calls }) => calls) }
    }
    const [without, withSinks] = [await tell(false), await tell(true)]
    expect(withSinks.weights).toEqual(without.weights)
    expect(withSinks.weights.at(-1)?.[1]).toBe(100)
    for (const calls of withSinks.calls) expect(calls).toBeGreaterThan(0)
    expect(without.calls).toEqual([0, 0, 0])
  })
})

test('wherever the worker dies, every told row of the audit stands in the outbox once, and no other', {
  timeout: 120_000,
}, async () => {
  const KINDS = ['manifest-stored', 'rollout-started', 'step-started', 'finished']
  const tell = async (options: StageOptions) => {
    const stage = await given(QUICK, options)
    await stage.push(version(2))
    await untilFinished(stage, 3 * HOUR)
    return stage
  }
  const { length } = (await tell({})).calls
  expect(length).toBeGreaterThan(20)
  for (let call = 1; call <= length; call += 1) {
    // Who dies before a call leaves what the one before left, save where several are under way at once.
    for (const moment of call % 3 === 0 ? (['before', 'after'] as const) : (['after'] as const)) {
      const stage = await tell({ crash: { call, moment } })
      const rows = stage.store.auditOf(PRICING).filter(({ kind }) => KINDS.includes(kind))
      const unsent = await stage.store.outbox.unsent('production', 100)
      expect(unsent.map(({ notice }) => notice.id)).toEqual(rows.map(({ id }) => id))
    }
  }
})
