import type { Verb } from '../core/facts.ts'
import { type Problem, problem, Refusal } from './problem.ts'
import { rightOf } from './routes.ts'
import { etagOf } from './service.ts'

/** Which version of a manifest its sender has in mind, and what they are told where it is another. */
export interface Expectation {
  /** `version` 0 = there is none yet. */
  readonly holds: (version: number) => boolean
  readonly refused: (version: number) => Refusal
}

/**
 * What `If-Match` and `If-None-Match` of a PUT ask for. Where a manifest stands already one of them is needed: without, it
 * is refused with 428. `If-None-Match: *` is for the first, `If-Match: *` for whichever stands. Throws Refusal 400 where
 * they cannot be read.
 */
export function manifestExpectation(headers: Headers): Expectation {
  const ifMatch = headers.get('if-match')?.trim() ?? null
  const ifNoneMatch = headers.get('if-none-match')?.trim() ?? null
  if (ifNoneMatch !== null && ifNoneMatch !== '*') {
    throw bad('If-None-Match of a PUT can only be *, for a manifest that must be the first.')
  }
  if (ifNoneMatch !== null && ifMatch !== null) throw bad('If-Match and If-None-Match exclude each other; send one.')
  if (ifNoneMatch !== null) return { holds: (version) => version === 0, refused: stale }
  if (ifMatch === null) return { holds: (version) => version === 0, refused: required }
  if (ifMatch === '*') return { holds: (version) => version > 0, refused: stale }
  const versions = ifMatch.split(',').map(versionOf)
  return { holds: (version) => versions.includes(version), refused: stale }
}

/**
 * The `If-Match` of a command, or null. Going on needs it, or the body's `rollout` and `step`: without, Refusal 428, so that
 * nobody promotes what they have not seen. Stopping never needs it.
 */
export function commandCondition(
  headers: Headers,
  verb: Verb,
  named: { readonly rollout: string | null; readonly step: number | null },
): string | null {
  const ifMatch = headers.get('if-match')?.trim() ?? null
  const isNamed = named.rollout !== null && named.step !== null
  if (ifMatch !== null || isNamed || rightOf(verb) !== 'promote') return ifMatch
  const detail = `Say which step you ${verb}: send the "etag" of the status as If-Match, or "rollout" and "step" in the body.`
  throw new Refusal(problem(428, 'precondition-required', detail))
}

/** The rollout is not any more what a command was for. */
export function commandStale(because: string, etag: string): Problem {
  const detail = `${because.charAt(0).toUpperCase()}${because.slice(1)}.`
  return problem(412, 'precondition-failed', detail, { headers: { etag } })
}

function versionOf(tag: string): number {
  const found = /^"v(\d{1,9})"$/.exec(tag.trim())
  if (found === null) throw bad('If-Match is not an ETag of a manifest, e.g. "v3".')
  return Number(found[1])
}

function stale(version: number): Refusal {
  if (version === 0) {
    const detail =
      'There is no manifest of this service yet. Send the first without If-Match, or with If-None-Match: *.'
    return new Refusal(problem(412, 'precondition-failed', detail))
  }
  const detail = `The manifest is at version ${version} now. Look at it and send yours with If-Match: ${etagOf(version)}.`
  return new Refusal(problem(412, 'precondition-failed', detail, { headers: { etag: etagOf(version) } }))
}

function required(version: number): Refusal {
  const detail = `The service has a manifest, at version ${version}. Say which one yours is to follow: If-Match: ${etagOf(version)}, or If-Match: * for whichever stands.`
  return new Refusal(problem(428, 'precondition-required', detail, { headers: { etag: etagOf(version) } }))
}

function bad(detail: string): Refusal {
  return new Refusal(problem(400, 'bad-request', detail))
}
