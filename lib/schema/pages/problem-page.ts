import { PROBLEM_BASE, PROBLEM_TITLES, type ProblemKind } from '../../door/problem.ts'
import { PROBLEM_STATUS } from '../openapi/problems.ts'
import { escaped, inline, page } from './html.ts'
import { PROBLEM_PAGES } from './problem-texts.ts'

const KINDS = Object.keys(PROBLEM_TITLES) as ProblemKind[]
const REQUEST_ID = '4ce1b5ae-c373-46f7-82b4-ec16423539af'

/** The list of all kinds, as a page. */
export function problemIndex(): string {
  const rows = KINDS.map((kind) => {
    const link = `<a href="/api/problems/${kind}">${kind}</a>`
    return `<tr><td>${link}</td><td>${PROBLEM_STATUS[kind]}</td><td>${escaped(PROBLEM_TITLES[kind])}</td></tr>`
  })
  const head = '<tr><th scope="col">Kind</th><th scope="col">Status</th><th scope="col">What</th></tr>'
  return page(
    'Problems',
    `<p><a href="/api/docs">The HTTP API</a></p><main><h1>Problems</h1><p>Every refusal is a problem document (RFC 9457). <code>type</code> ends with its kind.</p><div class="scroll"><table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div></main>`,
  )
}

/** One kind, as a page. */
export function problemPage(kind: ProblemKind): string {
  const { means, why, todo } = PROBLEM_PAGES[kind]
  const list = (items: readonly string[]) => `<ul>${items.map((item) => `<li>${inline(item)}</li>`).join('')}</ul>`
  return page(
    PROBLEM_TITLES[kind],
    [
      '<p><a href="/api/problems">All problems</a> · <a href="/api/docs">The HTTP API</a></p>',
      `<main><h1>${escaped(PROBLEM_TITLES[kind])}</h1>`,
      `<p class="soft"><code>${kind}</code> · status ${PROBLEM_STATUS[kind]}</p>`,
      `<p>${inline(means)}</p>`,
      `<h2>What it looks like</h2><pre tabindex="0"><code>${escaped(exampleOf(kind))}</code></pre>`,
      `<h2>Why it happens here</h2>${list(why)}`,
      `<h2>What to do</h2>${list(todo)}</main>`,
    ].join('\n'),
  )
}

/** One kind, as the Markdown of `docs/problems/<kind>.md`. */
export function problemMarkdown(kind: ProblemKind): string {
  const { means, why, todo, see } = PROBLEM_PAGES[kind]
  const list = (items: readonly string[]) => items.map((item) => `- ${item}`).join('\n')
  const links = ['[all problems](README.md)', ...see.map(([text, path]) => `[${text}](../${path})`)]
  return [
    `# ${PROBLEM_TITLES[kind]}`,
    `\`${kind}\` · status ${PROBLEM_STATUS[kind]}`,
    means,
    `## What it looks like\n\n\`\`\`json\n${exampleOf(kind)}\n\`\`\``,
    `## Why it happens here\n\n${list(why)}`,
    `## What to do\n\n${list(todo)}`,
    `See also: ${links.join(', ')}.\n`,
  ].join('\n\n')
}

/** The list of all kinds, as the Markdown of `docs/problems/README.md`. */
export function problemIndexMarkdown(): string {
  const rows = KINDS.map((kind) => `| [${kind}](${kind}.md) | ${PROBLEM_STATUS[kind]} | ${PROBLEM_TITLES[kind]} |`)
  return [
    '# Problems',
    'Every refusal of the HTTP API is an RFC 9457 document with `content-type: application/problem+json`:',
    `\`\`\`json\n${exampleOf('precondition-failed')}\n\`\`\``,
    '`type` is a stable name, meant to be compared; an installation serves the page of it at `/api/problems/<kind>`. `detail` says what,\nwhich one and what to do. `requestId` is also in the header `x-request-id` and in every log line of the request; send your own in\nthat header to find it again.',
    ['| Kind | Status | What |', '|---|---|---|', ...rows].join('\n'),
    'These pages are made by `npm run openapi`, from the texts that the app itself serves.\n',
  ].join('\n\n')
}

function exampleOf(kind: ProblemKind): string {
  const { detail, instance, errors } = PROBLEM_PAGES[kind].example
  const own = { type: PROBLEM_BASE + kind, title: PROBLEM_TITLES[kind], status: PROBLEM_STATUS[kind], detail, instance }
  return JSON.stringify({ ...own, requestId: REQUEST_ID, ...(errors === undefined ? {} : { errors }) }, null, 2)
}
