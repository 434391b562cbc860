import { type Check, checkOf } from './check.ts'
import { followSkews, SKEWS } from './skews.ts'

interface Kept {
  readonly name: string
  readonly since: number
  readonly until: number
}

/**
 * S7: the revision to fall back to is not switched off while a rollout runs, and what a promotion replaced not before its
 * time; whoever has the trust is never switched off, and an app is left with one revision at least that can serve. A clock
 * that jumps may be wrong about that time by as much as it jumped, and by no more.
 */
export function checkWayBack(): Check {
  const apps = new Map<string, string>()
  const keepers = new Map<string, string>()
  const running = new Map<string, string>()
  const kept = new Map<string, Kept>()
  const delays = new Map<string, number>()
  const skews = followSkews()
  return checkOf({
    invariant: 'S7',
    kinds: [...SKEWS, 'service', 'decision', 'arm-write'],
    see: (event) => {
      skews.see(event)
      if (event.kind === 'service') {
        apps.set(event.entity, event.app)
        delays.set(event.app, event.manifest.scaleDownDelayMs)
      }
      if (event.kind === 'decision') {
        const app = apps.get(event.entity) ?? ''
        const isOver = event.phase === 'finished'
        const wasRunning = running.get(app) === event.rollout
        if (!isOver) running.set(app, event.rollout)
        else running.delete(app)
        const promoted = isOver && event.outcome === 'promoted'
        const keeper = promoted ? event.canary : event.stable
        if (keeper !== null) keepers.set(app, keeper)
        if (promoted && wasRunning && event.stable !== null)
          kept.set(app, { name: event.stable, since: event.at, until: event.at + (delays.get(app) ?? 0) })
      }
      if (event.kind !== 'arm-write' || event.deed !== 'deactivate') return []
      const name = event.asked.revision ?? ''
      const old = kept.get(event.app)
      const others = event.revisions.filter((one) => one.name !== name && one.active && one.ready)
      const wrongs: string[] = []
      if (keepers.get(event.app) === name) wrongs.push('which is the one to fall back to')
      if (old?.name === name && event.at < old.until - skews.apart(old.since) - 1_000)
        wrongs.push(`which is to be kept until ${new Date(old.until).toISOString()}`)
      if (others.length === 0) wrongs.push('and nothing else can serve')
      return wrongs.map((wrong) => ({
        invariant: 'S7',
        says: `worker ${event.worker} switched off ${name} of ${event.app} at ${new Date(event.at).toISOString()}, ${wrong}`,
        n: event.n,
      }))
    },
    end: () => [],
  })
}
