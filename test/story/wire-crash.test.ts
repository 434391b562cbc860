import { expect, test } from 'vitest'
import { tryOut } from '../../sim/trial/run.ts'
import type { Item, Scenario } from '../../sim/trial/scenario.ts'
import type { TraceEvent } from '../../sim/trial/trace.ts'

const MINUTE = 60_000

type Undated<T> = T extends unknown ? Omit<T, 'id'> : never

/** A life of minutes on the real plugs: few requests, and every kind of them. */
function storyOf(...items: readonly Undated<Item>[]): Scenario {
  const stages = [
    { weight: 20, bakeMs: 6 * MINUTE, gate: false },
    { weight: 50, bakeMs: 6 * MINUTE, gate: false },
  ]
  return {
    seed: 1,
    workers: 1,
    services: [{ name: 'pricing', stages, intervalMs: 5 * MINUTE, onNewRevision: 'supersede', latency: false }],
    items: items.map((item, id) => ({ ...item, id })),
    adapters: 'real',
    calmMs: 60 * MINUTE,
  }
}

const push = (version: number, image: 'healthy' | 'erring' | 'pull-fails', at = MINUTE) =>
  ({ kind: 'push', at, service: 0, version, image }) as const

const STORIES: Readonly<Record<string, Scenario>> = {
  'a promotion': storyOf(push(2, 'healthy')),
  'a rollback after a breach': storyOf(push(2, 'erring')),
  'an image that cannot be pulled, and the next push': storyOf(push(2, 'pull-fails'), push(3, 'erring', 20 * MINUTE)),
  'an abort': storyOf(push(2, 'healthy'), {
    kind: 'command',
    at: 8 * MINUTE,
    service: 0,
    verb: 'abort',
    command: 'stop-it',
  }),
}

/** What remains of a life: how its rollouts ended, which revisions were asked for, and who has the traffic. */
async function lived(scenario: Scenario) {
  const rollouts: Record<string, string | null> = {}
  const revisions = new Set<string>()
  let weights: unknown = null
  let deaths = 0
  const write = (event: TraceEvent) => {
    if (event.kind === 'crash') deaths += 1
    if (event.kind === 'decision') rollouts[event.rollout] = event.outcome
    if (event.kind === 'traffic') weights = event.weights
    if (event.kind === 'arm-write' && event.applied && event.asked.revision !== null)
      revisions.add(event.asked.revision)
  }
  const { violations } = await tryOut(scenario, { write })
  return { end: { rollouts, revisions: [...revisions].sort(), weights, violations }, deaths }
}

/** The same life, in which the worker dies at its `nth` request (from 1), before or after that took effect. */
function dyingAt(story: Scenario, nth: number, moment: 'before' | 'after'): Scenario {
  const plain = { kind: 'trouble', at: 0, service: 0, during: null, lastsMs: 0 } as const
  return {
    ...story,
    items: [...story.items, { ...plain, id: 99, variant: `wire-crash-${moment}` as const, luck: nth - 1 }],
  }
}

/** Of this many requests in a row one is died at, another one in each story: to die at all of them takes minutes. */
const STRIDE = 23
/** No story has so many requests. */
const MOST = 1000

test.each(Object.entries(STORIES).map(([name, story], index) => ({ name, story, index })))(
  '$name comes to the same end on the real plugs, wherever between two of their requests the worker dies',
  { timeout: 240_000 },
  async ({ story, index }) => {
    const whole = await lived(story)
    expect(whole.deaths).toBe(0)
    expect(whole.end.violations).toEqual([])
    let deaths = 0
    for (let nth = 1 + index; nth < MOST; nth += STRIDE) {
      const moment = nth % 2 === 0 ? 'before' : 'after'
      const died = await lived(dyingAt(story, nth, moment))
      if (died.deaths === 0) break
      deaths += died.deaths
      expect(died.end, `dying ${moment} request ${nth}`).toEqual(whole.end)
    }
    expect(deaths).toBeGreaterThan(5)
  },
)
