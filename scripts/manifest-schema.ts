import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { manifestSchema } from '../lib/schema/manifest-shape.ts'

/** Where the published JSON Schema lies. */
export const SCHEMA_FILE = fileURLToPath(new URL('../docs/manifest.schema.json', import.meta.url))

/** The JSON Schema (draft 2020-12) of a manifest as it is written, for editors; the text of `docs/manifest.schema.json`. */
export function renderManifestSchema(): string {
  const schema = z.toJSONSchema(manifestSchema, { io: 'input', target: 'draft-2020-12', reused: 'inline' })
  return `${JSON.stringify(schema, null, 2).replace(SHORT_LIST, onOneLine)}\n`
}

/** Lists of plain values (and of `{}`), which the house's formatter keeps on one line. */
const SHORT_LIST = /\[\s*(?:(?:"(?:[^"\\]|\\.)*"|[\d.]+|\{\}),?\s*)+\]/g

function onOneLine(list: string): string {
  return JSON.stringify(JSON.parse(list)).replaceAll('","', '", "')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(SCHEMA_FILE, renderManifestSchema())
