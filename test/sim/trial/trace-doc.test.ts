import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const SOURCE = 'sim/trial/trace.ts'
const PAGE = 'docs/trace.md'

/** Kinds of event and their fields as the type has them. */
function kindsOfType(): Record<string, string[]> {
  const [, union = ''] = readFileSync(SOURCE, 'utf8').split('export type TraceBody =')
  const variants = union.replaceAll(/\/\*\*.*?\*\//gs, '').matchAll(/\| \{(.*?)\}/gs)
  const found = [...variants].map(([, body = '']) => {
    const fields = [...body.matchAll(/readonly (\w+)\??:/g)].map(([, name = '']) => name)
    const kind = /readonly kind: '([^']+)'/.exec(body)?.[1] ?? ''
    return [kind, fields.filter((name) => name !== 'kind')] as const
  })
  return Object.fromEntries(found)
}

/** The same as the page tells them, with the example of each. */
function kindsOfPage(): { kind: string; fields: string[]; example: Record<string, unknown> }[] {
  const [, ...parts] = readFileSync(PAGE, 'utf8').split(/^### `/m)
  return parts.map((part) => ({
    kind: part.slice(0, part.indexOf('`')),
    fields: [...part.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name),
    example: JSON.parse(/```json\n(.*)\n```/.exec(part)?.[1] ?? 'null') as Record<string, unknown>,
  }))
}

test('the page tells every kind of event with all of its fields, and no other', () => {
  const kinds = kindsOfType()
  expect(Object.keys(kinds).length).toBeGreaterThan(15)
  expect(Object.fromEntries(kindsOfPage().map(({ kind, fields }) => [kind, fields]))).toEqual(kinds)
})

test('each example has the fields of its kind, in their order', () => {
  for (const { kind, fields, example } of kindsOfPage()) {
    expect(Object.keys(example), kind).toEqual(['seed', 'n', 'at', 'kind', ...fields])
    expect(example.kind).toBe(kind)
  }
})
