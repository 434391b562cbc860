import type { Observed } from '../core/app.ts'
import { ask } from '../core/ask.ts'
import type { Facts } from '../core/facts.ts'
import { judge } from '../core/judge/judge.ts'
import type { Query, Reading, Verdict, Window } from '../core/judge/verdict.ts'
import type { Rollout } from '../core/rollout.ts'
import type { Presence } from '../ports.ts'
import type { Wheel } from './wheel.ts'

/**
 * Looks at everything these rollouts need to know, in bulk: one question to each socket, whatever the number of rollouts.
 * The answer has one entry per rollout, in order; whatever could not be seen is in it as such.
 */
export async function look(wheel: Wheel, rollouts: readonly Rollout[]): Promise<readonly Facts[]> {
  if (rollouts.length === 0) return []
  const now = wheel.clock.now()
  const questions = rollouts.map((rollout) => ask(rollout, now))
  const [apps, readings, images] = await Promise.all([
    wheel.apps.observe(rollouts.map((rollout) => rollout.manifest.target)),
    measure(wheel, questions.flat()),
    findImages(wheel, rollouts),
  ])
  return rollouts.map((rollout, index) => ({
    now,
    app: apps[index] ?? notAnswered(rollout),
    image: images.get(rollout) ?? null,
    fast: verdictOf(rollout, questions[index] ?? [], readings, 'fast'),
    full: verdictOf(rollout, questions[index] ?? [], readings, 'full'),
  }))
}

async function measure(wheel: Wheel, queries: readonly Query[]): Promise<ReadonlyMap<string, Reading>> {
  if (queries.length === 0) return new Map()
  const readings = await wheel.metrics.read(queries)
  return new Map(readings.map((reading) => [reading.id, reading]))
}

async function findImages(wheel: Wheel, rollouts: readonly Rollout[]): Promise<ReadonlyMap<Rollout, Presence>> {
  const asking = rollouts.filter((rollout) => rollout.phase.kind === 'preparing')
  if (asking.length === 0) return new Map()
  const answers = await wheel.registry.has(asking.map((rollout) => rollout.push))
  return new Map(asking.flatMap((rollout, index) => (answers[index] === undefined ? [] : [[rollout, answers[index]]])))
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

function notAnswered(rollout: Rollout): Observed {
  const message = `no answer about ${rollout.manifest.target.app}`
  return { kind: 'unseen', fault: { kind: 'unavailable', message, retryAfterMs: null } }
}
