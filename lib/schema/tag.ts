import { parse, satisfies } from 'semver'
import type { TagPattern } from '../core/service.ts'

/**
 * True when `tag` as a whole fits `pattern`.
 *
 * - glob: `*` stands for any run of characters (also none), `?` for exactly one; case matters.
 * - semver: the tag must be a full version (`1.4.0`, a leading `v` is allowed; `1.4` is none). A prerelease fits only a
 *   range that names a prerelease of the same major.minor.patch: `>=1.0.0 <3` never takes `2.0.0-rc.1`, while
 *   `>=2.0.0-rc.0` takes it and `2.1.0`, but not `2.1.0-rc.1`.
 */
export function matchesTag(pattern: TagPattern, tag: string): boolean {
  if (pattern.kind === 'glob') return matchesGlob(pattern.pattern, tag)
  const version = parse(tag)
  return version !== null && satisfies(version, pattern.range)
}

/** Walks both texts once and returns only to the last star: at worst pattern × tag steps, whatever the pattern. */
function matchesGlob(pattern: string, tag: string): boolean {
  let p = 0
  let star = -1
  let resume = 0
  for (let t = 0; t < tag.length; ) {
    if (pattern[p] === '*') {
      star = p++
      resume = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === tag[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
