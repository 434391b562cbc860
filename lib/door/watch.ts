import type { HttpResponseInit } from '@azure/functions'
import { isKnown, tagged } from './conditional.ts'
import { waitAsked } from './prefer.ts'
import { type Problem, Refusal } from './problem.ts'

/** What can be watched: what is shown now, with its tag, or why it is not shown. */
export type Sight = { readonly etag: string; readonly body: unknown } | Problem

/** Waiting for news, as the engine's lookout does it. */
export interface Watching {
  look<T>(key: string, read: () => Promise<T>): Promise<T>
  until<T>(
    ms: number,
    look: () => Promise<T>,
    isNews: (seen: T) => boolean,
  ): Promise<{ readonly kind: 'news'; readonly seen: T } | { readonly kind: 'over' | 'full' }>
}

/**
 * Answers what is there as JSON with its tag. A caller who has it already (`If-None-Match`) is answered 304, and one who
 * would wait (`Prefer: wait=<seconds>`) as soon as it changes, or 304 after that time; `Preference-Applied` says that it
 * was waited for. Looks are shared by `key`. Where too many wait, nobody waits: the answer comes at once.
 */
export async function watched(
  headers: Headers,
  watching: Watching,
  key: string,
  read: () => Promise<Sight>,
): Promise<HttpResponseInit | Problem> {
  const first = await read()
  const seconds = waitAsked(headers)
  const known = headers.get('if-none-match')
  const isNews = (sight: Sight) => !('etag' in sight) || !isKnown(known, sight.etag)
  if (seconds === 0 || isNews(first)) return answer(headers, first, {})
  const waited = await watching.until(seconds * 1000, () => watching.look(key, read), isNews)
  const applied: Record<string, string> = waited.kind === 'full' ? {} : { 'preference-applied': `wait=${seconds}` }
  return answer(headers, waited.kind === 'news' ? waited.seen : first, applied)
}

function answer(headers: Headers, sight: Sight, more: Readonly<Record<string, string>>): HttpResponseInit {
  if (!('etag' in sight)) throw new Refusal(sight)
  const made = tagged(headers, sight.etag, () => ({ jsonBody: sight.body }))
  return { ...made, headers: { ...Object.fromEntries(new Headers(made.headers)), ...more } }
}
