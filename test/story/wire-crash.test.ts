import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { Plant } from '../../sim/trial/live.ts'
import { tryOut } from '../../sim/trial/run.ts'
import type { Item, Scenario, ServicePlan } from '../../sim/trial/scenario.ts'
import type { TraceEvent } from '../../sim/trial/trace.ts'

const MINUTE = 60_000

type Undated<T> = T extends unknown ? Omit<T, 'id'> : never

const STEP = { weight: 20, bakeMs: 6 * MINUTE, gate: false }

/** A life of minutes on the real plugs: few requests, and every kind of them. */
function storyOf(items: readonly Undated<Item>[], changes: Partial<ServicePlan> = {}): Scenario {
  const stages = [STEP, { ...STEP, weight: 50 }]
  const plain = { name: 'pricing', stages, intervalMs: 5 * MINUTE, onNewRevision: 'supersede', latency: false } as const
  return {
    seed: 1,
    workers: 1,
    services: [{ ...plain, ...changes }],
    items: items.map((item, id) => ({ ...item, id })),
    adapters: 'real',
    calmMs: 60 * MINUTE,
  }
}

const push = (version: number, image: 'healthy' | 'erring' | 'pull-fails', at = MINUTE) =>
  ({ kind: 'push', at, service: 0, version, image }) as const
const asks = (verb: Extract<Item, { kind: 'command' }>['verb'], at: number) =>
  ({ kind: 'command', at, service: 0, verb, command: `please-${verb}` }) as const

const STORIES: Readonly<Record<string, Scenario>> = {
  'a promotion': storyOf([push(2, 'healthy')]),
  'a rollback after a breach': storyOf([push(2, 'erring')]),
  'an image that cannot be pulled, and the next push': storyOf([push(2, 'pull-fails'), push(3, 'erring', 20 * MINUTE)]),
  'an abort': storyOf([push(2, 'healthy'), asks('abort', 8 * MINUTE)]),
  'a newer push in the middle of a canary': storyOf([push(2, 'healthy'), push(3, 'healthy', 6 * MINUTE)]),
  'a push that waits in a queue': storyOf([push(2, 'erring'), push(3, 'healthy', 2 * MINUTE)], {
    onNewRevision: 'queue',
  }),
  'a gate, and a promotion by hand': storyOf([push(2, 'healthy'), asks('promote', 40 * MINUTE)], {
    stages: [{ ...STEP, gate: true }],
  }),
  'an undo of a promotion': storyOf([push(2, 'healthy'), asks('undo', 50 * MINUTE)], { stages: [STEP] }),
}

/** What remains of a life: how its rollouts ended, which revisions were asked for, and who has the traffic. */
async function lived(scenario: Scenario, plant?: Plant) {
  const rollouts: Record<string, string | null> = {}
  const revisions = new Set<string>()
  let weights: unknown = null
  let deaths = 0
  const write = (event: TraceEvent) => {
    if (event.kind === 'crash') deaths += 1
    if (event.kind === 'decision') rollouts[event.rollout] = event.outcome
    if (event.kind === 'traffic') weights = event.weights
    if (event.kind === 'arm-write' && event.applied && event.asked.revision !== null)
      // A repair whose answer was lost is asked for again under a fresh suffix.
      revisions.add(event.asked.revision.replace(/-fix\d+$/, '-fix'))
  }
  const { violations } = await tryOut(scenario, { write, ...(plant && { plant }) })
  return { end: { rollouts, revisions: [...revisions].sort(), weights, violations }, deaths }
}

type Moment = 'before' | 'after'

/** The same life, in which the worker dies at its `nth` request (from 1) after each of these times. */
function dying(story: Scenario, times: readonly number[], nth: number, moment: Moment): Scenario {
  const plain = { kind: 'trouble', service: 0, during: null, lastsMs: 0 } as const
  const variant = `wire-crash-${moment}` as const
  const deaths = times.map((at, index) => ({ ...plain, at, id: 100 + index, variant, luck: nth - 1 }))
  return { ...story, items: [...story.items, ...deaths] }
}

const CASES = Object.entries(STORIES).map(([name, story], index) => ({ name, story, index }))
const wholes = new Map<Scenario, ReturnType<typeof lived>>()

/** The life in which nobody dies. */
async function undisturbed(story: Scenario) {
  const life = wholes.get(story) ?? lived(story)
  wholes.set(story, life)
  const { end, deaths } = await life
  expect(deaths).toBe(0)
  expect(end.violations).toEqual([])
  return end
}

/**
 * By night, `SLIPWAY_CRASH_EVERY=1 npm test -- test/story/wire-crash.test.ts --coverage.enabled=false` dies before and after every single request of
 * every story, one death in a life, and many deaths in a life at every one of the farthest requests: some forty minutes.
 * Another number is how many requests lie between two that are died at.
 */
const EVERY = Number(process.env.SLIPWAY_CRASH_EVERY ?? 101)
const BOTH: readonly Moment[] = ['before', 'after']

/** All through the hour in which something happens, at ever other seconds of a minute: who died has been made up for by then. */
const TIMES = Array.from({ length: 54 }, (_, index) => index * 70_000)
/** No look has so many requests. */
const FARTHEST = 24
const LIVES = 4

/** At which request after each of the times a life's worker dies; another one in each life and story. */
function plansOf(index: number): readonly { readonly nth: number; readonly moment: Moment }[] {
  if (EVERY === 1) {
    return Array.from({ length: FARTHEST }, (_, at) => BOTH.map((moment) => ({ nth: at + 1, moment }))).flat()
  }
  return Array.from({ length: LIVES }, (_, life) => {
    const nth = 1 + ((index * 5 + life * (FARTHEST / LIVES + 1)) % FARTHEST)
    return { nth, moment: (life + index) % 2 === 0 ? 'before' : 'after' }
  })
}

test.each(CASES)(
  '$name comes to the same end on the real plugs, though the worker dies between two of their requests again and again',
  { timeout: 1_800_000 },
  async ({ story, index }) => {
    const whole = await undisturbed(story)
    let deaths = 0
    for (const { nth, moment } of plansOf(index)) {
      const died = await lived(dying(story, TIMES, nth, moment))
      deaths += died.deaths
      expect(died.end, `dying ${moment} request ${nth} after each of the times`).toEqual(whole)
    }
    expect(deaths).toBeGreaterThan(20)
  },
)

const PATIENCE = { timeout: 120_000 }

/** No story has so many requests. */
const MOST = 1000

test.each(CASES)(
  '$name comes to the same end on the real plugs, wherever between two of their requests the worker dies',
  { timeout: 1_800_000 },
  async ({ story, index }) => {
    const whole = await undisturbed(story)
    let deaths = 0
    for (let nth = 1 + ((index * 13) % EVERY); nth < MOST; nth += EVERY) {
      for (const moment of EVERY === 1 ? BOTH : BOTH.slice(nth % 2, (nth % 2) + 1)) {
        const died = await lived(dying(story, [0], nth, moment))
        if (died.deaths === 0) return expect(deaths).toBeGreaterThan(0)
        deaths += died.deaths
        expect(died.end, `dying ${moment} request ${nth}`).toEqual(whole)
      }
    }
    throw new Error(`${MOST} requests, and no end`)
  },
)

/** Remembers the event first, and begins what it asks for in a transaction of its own. */
const rememberedFirst: Plant = (sockets) => ({
  ...sockets,
  store: {
    ...sockets.store,
    commit: async (change) => {
      const load = () => sockets.store.load(change.key.environment, [change.key.name])
      const [before] = change.token === null || change.service === undefined ? [] : await load()
      const handled = change.service?.handled ?? []
      if (before === undefined || before.service.handled.length === handled.length) return sockets.store.commit(change)
      const service = { ...before.service, handled }
      if ((await sockets.store.commit({ key: change.key, token: before.token, service, audit: [] })) === 'conflict')
        return 'conflict'
      const [stored] = await load()
      return sockets.store.commit({ ...change, token: stored?.token ?? null })
    },
  },
})

test.each(['a promotion', 'a newer push in the middle of a canary', 'a push that waits in a queue'])(
  'an event that is remembered before it is acted on is lost where the worker dies in between, and found: %s',
  PATIENCE,
  async (name) => {
    const story = STORIES[name] as Scenario
    const whole = await undisturbed(story)
    expect((await lived(story, rememberedFirst)).end).toEqual(whole)
    const newest = story.items.findLast(({ kind }) => kind === 'push')?.at ?? 0
    let lost = 0
    for (let nth = 1; nth <= 14; nth += 1) {
      const { end } = await lived(dying(story, [newest - 1], nth, 'before'), rememberedFirst)
      if (isDeepStrictEqual(end, whole)) continue
      lost += 1
      expect(
        end.violations.map(({ invariant }) => invariant),
        `dying at request ${nth}`,
      ).toContain('S11')
      expect(Object.keys(end.rollouts).length).toBeLessThan(Object.keys(whole.rollouts).length)
    }
    expect(lost).toBeGreaterThan(0)
  },
)
