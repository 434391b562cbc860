import { type Check, checkOf } from './check.ts'
import { digestOf } from './pushed.ts'

/**
 * S8: the revision that a rollout makes runs the digest that was recorded when the rollout began, whatever its tag names
 * later; whatever else Slipway makes runs an image that the app ran already.
 */
export function checkDigest(): Check {
  const digests = new Map<string, string>()
  const canaries = new Map<string, string>()
  const apps = new Map<string, string>()
  const recorded = new Map<string, Set<string>>()
  return checkOf({
    invariant: 'S8',
    kinds: ['service', 'audit', 'decision', 'arm-write'],
    see: (event) => {
      if (event.kind === 'service') apps.set(event.entity, event.app)
      if (event.kind === 'audit' && event.row.kind === 'rollout-started') {
        const digest = digestOf(event.row.detail?.push)
        const app = apps.get(event.row.entityId) ?? ''
        digests.set(`${event.row.entityId} ${event.row.rollout}`, digest)
        recorded.set(app, (recorded.get(app) ?? new Set()).add(digest))
      }
      if (event.kind === 'decision') {
        const name = `${apps.get(event.entity)} ${event.canary}`
        canaries.set(name, `${event.entity} ${event.rollout}`)
      }
      if (event.kind !== 'arm-write' || event.asked.image === null) return []
      const { revision, image } = event.asked
      const rollout = canaries.get(`${event.app} ${revision}`)
      const isKnown = event.revisions.some((one) => one.image === image)
      const digest = image.split('@')[1] ?? ''
      const isRight =
        rollout === undefined ? isKnown || recorded.get(event.app)?.has(digest) : digests.get(rollout) === digest
      if (isRight) return []
      const wanted = rollout === undefined ? 'an image that ran before' : digests.get(rollout)
      const says = `worker ${event.worker} made ${revision} of ${event.app} run ${image}, not ${wanted}`
      return [{ invariant: 'S8', says, n: event.n }]
    },
    end: () => [],
  })
}
