import type { Observed } from '../core/app.ts'
import { ask } from '../core/ask.ts'
import type { Command, Facts } from '../core/facts.ts'
import { judge } from '../core/judge/judge.ts'
import type { Query, Reading, Verdict, Window } from '../core/judge/verdict.ts'
import type { Rollout } from '../core/rollout.ts'
import type { Presence } from '../ports.ts'
import type { Wheel } from './wheel.ts'

/**
 * Looks at everything these rollouts need to know, in bulk: one question to each socket, whatever the number of rollouts.
 * Each comes back with its facts, in order; whatever could not be seen is in them as such. Azure is looked at last, so
 * that a source that takes long makes no sight of an app old; the facts are as of the end of the look, so that a weight
 * counts from when it was surely there. An abort waits for no measurements: none could change it.
 */
export async function look<T extends { readonly rollout: Rollout }>(
  wheel: Wheel,
  items: readonly T[],
  command: Command | null = null,
): Promise<readonly (T & { readonly facts: Facts })[]> {
  if (items.length === 0) return []
  const asking = wheel.clock.now()
  const asked = items.map((item) => ({ item, queries: command?.verb === 'abort' ? [] : ask(item.rollout, asking) }))
  const [images, readings] = await Promise.all([
    findImages(wheel, items),
    measure(
      wheel,
      asked.flatMap(({ queries }) => queries),
    ),
  ])
  const apps = await seeApps(wheel, items, images)
  const now = wheel.clock.now()
  return asked.map(({ item, queries }) => {
    const { rollout } = item
    const image = images.get(rollout) ?? null
    const app = apps.get(rollout) ?? notLookedAt(rollout, image)
    const verdict = (window: Window) => verdictOf(rollout, queries, readings, window)
    return { ...item, facts: { now, app, image, fast: verdict('fast'), full: verdict('full') } }
  })
}

/** Azure is not touched for a rollout in preparation before the registry has said that its image is really there. */
async function seeApps(
  wheel: Wheel,
  items: readonly { readonly rollout: Rollout }[],
  images: ReadonlyMap<Rollout, Presence | undefined>,
): Promise<ReadonlyMap<Rollout, Observed | undefined>> {
  const ready = items
    .map(({ rollout }) => rollout)
    .filter((rollout) => rollout.phase.kind !== 'preparing' || images.get(rollout)?.kind === 'present')
  if (ready.length === 0) return new Map()
  const seen = await wheel.apps.observe(ready.map((rollout) => rollout.manifest.target))
  return new Map(ready.map((rollout, index) => [rollout, seen[index]]))
}

async function measure(wheel: Wheel, queries: readonly Query[]): Promise<ReadonlyMap<string, Reading>> {
  if (queries.length === 0) return new Map()
  const readings = await wheel.metrics.read(queries)
  return new Map(readings.map((reading) => [reading.id, reading]))
}

/** Only a rollout that is being prepared asks its registry. */
async function findImages(
  wheel: Wheel,
  items: readonly { readonly rollout: Rollout }[],
): Promise<ReadonlyMap<Rollout, Presence | undefined>> {
  const asking = items.map(({ rollout }) => rollout).filter((rollout) => rollout.phase.kind === 'preparing')
  if (asking.length === 0) return new Map()
  const answers = await wheel.registry.has(asking.map((rollout) => rollout.push))
  return new Map(asking.map((rollout, index) => [rollout, answers[index]]))
}

function verdictOf(
  rollout: Rollout,
  queries: readonly Query[],
  readings: ReadonlyMap<string, Reading>,
  window: Window,
): Verdict | null {
  const mine = queries.filter((query) => query.window === window)
  if (mine.length === 0) return null
  const answers = mine.flatMap((query) => readings.get(query.id) ?? [])
  return judge(mine, answers, rollout.manifest.analysis.minRequests)
}

function notLookedAt(rollout: Rollout, image: Presence | null): Observed {
  if (image?.kind === 'unknown') return { kind: 'unseen', fault: image.trouble }
  const message = `no answer about ${rollout.manifest.target.app}`
  return { kind: 'unseen', fault: { kind: 'unavailable', message, retryAfterMs: null } }
}
