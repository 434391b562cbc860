import { readAcr } from './acr.ts'
import { readDistribution } from './distribution.ts'
import { readEventGrid } from './event-grid.ts'
import { measure } from './measure.ts'
import type { PushContext, PushRead, PushReader } from './reading.ts'

export type { PushContext, PushRead } from './reading.ts'

/** Who may send pushes, and how each is read: a new source is a new line here. */
const READERS = {
  acr: readAcr,
  'event-grid': readEventGrid,
  distribution: readDistribution,
} as const satisfies Readonly<Record<string, PushReader>>

/** A source of pushes, as it stands in the hook's URL. */
export type PushSource = keyof typeof READERS

/** True when `text` is a source that is known here. */
export function isPushSource(text: string): text is PushSource {
  return Object.hasOwn(READERS, text)
}

/** Reads a body, parsed from JSON, that `source` sent. Refuses bodies deeper than 16 levels. Never throws. */
export function readPush(source: PushSource, body: unknown, context: PushContext): PushRead {
  const trouble = measure(body)
  return trouble === null ? READERS[source](body, context) : { kind: 'issues', issues: [trouble] }
}
