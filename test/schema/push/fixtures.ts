import { readFileSync } from 'node:fs'
import type { Push } from '../../../lib/core/service.ts'
import type { EventRecord } from '../../../lib/ports.ts'
import { type PushRead, type PushSource, readPush } from '../../../lib/schema/push/index.ts'

/** When every body of these tests was received. */
export const RECEIVED = Date.UTC(2026, 0, 1)

/** A recorded body of a registry, parsed. */
export function payload(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../payloads/${name}.json`, import.meta.url), 'utf8'))
}

/** Reads a body as received at RECEIVED without headers. */
export function read(source: PushSource, body: unknown): PushRead {
  return readPush(source, body, { receivedAt: RECEIVED, headers: {} })
}

/** The pushes of a reading; none where it holds no deliveries. */
export function pushesOf(reading: PushRead): readonly Push[] {
  return reading.kind === 'deliveries'
    ? reading.deliveries.flatMap((one) => (one.kind === 'push' ? [one.push] : []))
    : []
}

/** The ignored records of a reading. */
export function ignoredOf(reading: PushRead): readonly EventRecord[] {
  return reading.kind === 'deliveries'
    ? reading.deliveries.flatMap((one) => (one.kind === 'ignored' ? [one.record] : []))
    : []
}

/** The paths of a reading's issues. */
export function pathsOf(reading: PushRead): readonly string[] {
  return reading.kind === 'issues' ? reading.issues.map((issue) => issue.path) : []
}

/** A copy of `body` with the value at `path` replaced; undefined removes it. */
export function withValue(body: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(body)
  const holder = path.slice(0, -1).reduce((at, part) => (at as Record<string | number, unknown>)[part], copy)
  const last = path.at(-1) ?? ''
  if (value === undefined) delete (holder as Record<string | number, unknown>)[last]
  else (holder as Record<string | number, unknown>)[last] = value
  return copy
}
