import type { Change, EventRecord } from '../../lib/ports.ts'
import { T0 } from '../support/builders.ts'

/** Anything as one line that a person reads: times count from the beginning of the test, digests are short. */
export function plain(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll(/\b1[67]\d{11}\b/g, (at) => timeText(Number(at) - T0))
    .replaceAll(/(sha256:)?([0-9a-f]{4})[0-9a-f]{60}/g, '$1$2…')
}

function timeText(ms: number): string {
  return `T0${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1000}s`
}

/** The fields of `after` that are others than before, one a line. */
export function changed(before: object, after: object): readonly string[] {
  const old = new Map(Object.entries(before))
  return Object.entries(after)
    .filter(([name, value]) => plain(old.get(name) ?? null) !== plain(value ?? null))
    .flatMap(([name, value]) =>
      name === 'manifest' && old.has(name) ? manifestText(old.get(name), value) : [`    ${name} ${plain(value)}`],
    )
}

function manifestText(before: unknown, after: unknown): readonly string[] {
  return changed(Object(before), Object(after)).map((line) => `    manifest.${line.trim()}`)
}

/** Rows of an audit, whole but for their hashes and what they all say alike. */
export function rowsText(rows: readonly object[]): readonly string[] {
  return rows.flatMap((row) => {
    const { hash: _, previousHash: _before, schema: _schema, kind, notes, ...said } = row as Record<string, unknown>
    return `  row ${kind}: ${notes}\n      ${plain(said)}`.split('\n')
  })
}

/** What a commit stores, next to what there was. */
export function commitText(before: Pick<Change, 'service' | 'rollout'>, change: Change): readonly string[] {
  const { key, token, service, rollout, audit, command, ...more } = change
  return [
    `  commit ${plain(key)} over ${plain(token)}${Object.keys(more).length === 0 ? '' : ` ${plain(more)}`}`,
    ...rowsText(audit ?? []),
    ...(command === undefined ? [] : [`  command ${plain(command)}`]),
    ...(service === undefined
      ? []
      : ['  service', ...changed({ ...before.service, chain: null }, { ...service, chain: service.chain.seq })]),
    ...(rollout === undefined ? [] : ['  rollout', ...changed(before.rollout ?? {}, rollout)]),
  ]
}

/** What is recorded of an event. */
export function recordText(record: EventRecord): string {
  return `  record ${plain(record)}`
}

/** Paragraphs of a text by their titles. */
export function paragraphs(text: string): ReadonlyMap<string, readonly string[]> {
  const parts = text.split(/^## /m).slice(1)
  return new Map(
    parts.map((part) => {
      const [title = '', ...lines] = part.trimEnd().split('\n')
      return [title, lines]
    }),
  )
}
