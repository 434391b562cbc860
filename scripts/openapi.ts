import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PROBLEM_TITLES, type ProblemKind } from '../lib/door/problem.ts'
import { openApiDocument } from '../lib/schema/openapi/document.ts'
import { problemIndexMarkdown, problemMarkdown } from '../lib/schema/pages/problem-page.ts'

/** Where documents lie. */
export const DOCS = fileURLToPath(new URL('../docs/', import.meta.url))

/** The documents that are made of the schemas and texts of the API: text by path below docs/. */
export function renderApiDocs(): ReadonlyMap<string, string> {
  const kinds = Object.keys(PROBLEM_TITLES) as ProblemKind[]
  return new Map([
    ['openapi.json', `${JSON.stringify(openApiDocument(), null, 1)}\n`],
    ['problems/README.md', problemIndexMarkdown()],
    ...kinds.map((kind) => [`problems/${kind}.md`, problemMarkdown(kind)] as const),
  ])
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(join(DOCS, 'problems'), { recursive: true })
  for (const [path, text] of renderApiDocs()) writeFileSync(join(DOCS, path), text)
}
