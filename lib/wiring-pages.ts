import { createHash } from 'node:crypto'
import { openApiDocument } from './schema/openapi/document.ts'
import { docsPage } from './schema/pages/docs-page.ts'
import { READING_STYLE } from './schema/pages/html.ts'
import { problemIndex, problemPage } from './schema/pages/problem-page.ts'
import { PROBLEM_PAGES } from './schema/pages/problem-texts.ts'

/** A text that is the same until the next release, and the tag of it. */
export interface PageText {
  readonly text: string
  readonly etag: string
}

/** All that is served to be read. */
export interface Pages {
  readonly openapi: PageText
  readonly docs: PageText
  readonly style: PageText
  /** By kind; '' = the list of them. */
  readonly problems: ReadonlyMap<string, PageText>
}

/** Makes all pages, once. */
export function makePages(): Pages {
  const document = openApiDocument()
  const kinds = Object.keys(PROBLEM_PAGES) as (keyof typeof PROBLEM_PAGES)[]
  return {
    openapi: pageOf(JSON.stringify(document)),
    docs: pageOf(docsPage(document)),
    style: pageOf(READING_STYLE),
    problems: new Map([
      ['', pageOf(problemIndex())],
      ...kinds.map((kind) => [kind, pageOf(problemPage(kind))] as const),
    ]),
  }
}

function pageOf(text: string): PageText {
  return { text, etag: `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"` }
}
