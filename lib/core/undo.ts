import type { AppSeen } from './app.ts'
import type { Rollout } from './rollout.ts'
import type { Push } from './service.ts'
import { isRunning } from './start.ts'

/** What an undo goes back to, or why it cannot. `push` is what it brings, `from` who first brought it. */
export type UndoTarget =
  | { readonly kind: 'found'; readonly push: Push; readonly from: string }
  | { readonly kind: 'refused'; readonly because: string }
  /** What is meant serves already: there is nothing to do. */
  | { readonly kind: 'serves'; readonly because: string }
  /** The revision that served before the first rollout is meant: its image must be looked up in the app. */
  | { readonly kind: 'first'; readonly revision: string }

/** How many releases a refusal names. */
const MOST_NAMED = 5

/**
 * Finds the release that an undo means among a service's rollouts, newest first: a rollout, revision or tag that served
 * all traffic once, or (`to` null) what served before the present release. What an undo has left is never meant without
 * being named: a second undo goes further back.
 */
export function undoTarget(rollouts: readonly Rollout[], to: string | null): UndoTarget {
  const [newest = null] = rollouts
  const releases = rollouts.filter(({ phase }) => phase.kind === 'finished' && phase.outcome === 'promoted')
  const [present] = releases
  const first = rollouts.findLast(({ stable }) => stable !== null)?.stable ?? null
  const choice = choiceOf(releases, first, isRunning(newest))
  if (to === null) {
    if (isRunning(newest))
      return refused(`${newest.id} is still running: abort goes back to what serves; or name what to undo to`, choice)
    if (present === undefined) return refused('nothing was promoted yet, so there is nothing to undo', [])
    const before = standing(releases, first).at(-2)
    if (before !== undefined) return found(before)
    const isFirst = first === null || present.push.tag === first
    return isFirst
      ? refused(`nothing served before ${present.id} (${present.push.tag})`, choice)
      : { kind: 'first', revision: first }
  }
  const named = releases.find(({ id, canary, push }) => id === to || canary === to || push.tag === to)
  if (named === undefined && first === to) {
    const isServing = present === undefined && !isRunning(newest)
    return isServing ? serves(to) : { kind: 'first', revision: to }
  }
  if (named === undefined) return refused(`${to} is no rollout, revision or tag that ever served all traffic`, choice)
  if (!isRunning(newest) && named.push.digest === present?.push.digest) return serves(to)
  return found(named)
}

/**
 * The releases that a way back goes along, oldest first, the present one last: each served after the one before it, and
 * none of them was left by an undo since. `releases` = the newest first; an undo to the `first` revision goes beyond them all.
 */
function standing(releases: readonly Rollout[], first: string | null): readonly Rollout[] {
  const way: Rollout[] = []
  for (const release of releases.toReversed()) {
    const isIt = ({ push }: Rollout) => push.digest === release.push.digest
    const known = release.cause === 'undo' ? way.findLastIndex(isIt) : way.length - 1
    if (release.cause === 'undo' && release.push.tag === first) way.length = 0
    else if (known >= 0 && way.slice(known).some(isIt)) way.length = known
    way.push(release)
  }
  return way
}

function serves(to: string): UndoTarget {
  return { kind: 'serves', because: `${to} is what serves now; there is nothing to do` }
}

/** The push that brings the revision back that served before the first rollout, from the image that it runs. */
export function pushOfRevision(app: AppSeen | null, name: string, now: number): UndoTarget {
  const because = (why: string) => ({ kind: 'refused', because: `it cannot be undone to ${name}: ${why}` }) as const
  if (app === null) return because('the app cannot be seen')
  const image = app.revisions.find((revision) => revision.name === name)?.image ?? null
  if (image === null) return because('the revision is gone')
  const [, registry, repository, digest] = /^([^/@]+)\/([^@]+)@(sha256:[0-9a-f]{64})$/.exec(image) ?? []
  if (registry === undefined || repository === undefined || digest === undefined)
    return because(`it runs ${image}, which names no digest; push that image, or set traffic by hand`)
  const push = { registry, repository, tag: name, digest, pushedAt: now, eventId: '', source: 'undo', author: null }
  return { kind: 'found', push, from: name }
}

function found({ push, id }: Rollout): UndoTarget {
  return { kind: 'found', push, from: id }
}

/** What an undo may name, newest first: every release once, and the first revision; never what serves, while nothing runs. */
function choiceOf(releases: readonly Rollout[], first: string | null, isBusy: boolean): readonly string[] {
  const [present] = releases
  const seen = new Set<string>(present === undefined || isBusy ? [] : [present.push.digest])
  const named = releases.flatMap(({ id, push }) => {
    if (seen.has(push.digest)) return []
    seen.add(push.digest)
    return [`${id} (${push.tag})`]
  })
  const serves = !isBusy && (present === undefined || present.push.tag === first)
  return [...named.slice(0, MOST_NAMED), ...(first === null || serves ? [] : [first])]
}

function refused(why: string, choice: readonly string[]): UndoTarget {
  const hint = choice.length === 0 ? '' : `; it can be undone to ${choice.join(', ')}`
  return { kind: 'refused', because: `${why}${hint}` }
}
