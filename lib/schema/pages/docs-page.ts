import type { JsonSchema } from '../openapi/components.ts'
import type { DocumentedOperation, OpenApi } from '../openapi/document.ts'
import { escaped, inline, page } from './html.ts'

interface Told {
  readonly method: string
  readonly path: string
  readonly operation: DocumentedOperation
}

/** The OpenAPI document as a page to be read, without scripts: every operation and every body has an anchor of its own. */
export function docsPage(document: OpenApi): string {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  const groups = document.tags.map((tag) => ({
    name: String(tag.name),
    description: String(tag.description),
    members: all.filter(({ operation }) => operation.tags.includes(String(tag.name))),
  }))
  const { title, version, description } = document.info as Readonly<Record<string, string>>
  return page(
    'The HTTP API',
    [
      `<header><h1>${escaped(title ?? '')} · the HTTP API</h1>`,
      `<p class="soft">Version ${escaped(version ?? '')} · <a href="/api/openapi.json">OpenAPI 3.1</a> · <a href="/api/problems">Problems</a> · <a href="/api/ui/">Dashboard</a></p></header>`,
      ...(description ?? '').split('\n\n').map((text) => `<p>${inline(text)}</p>`),
      `<nav aria-label="Operations">${groups.map(contents).join('')}</nav>`,
      '<main>',
      ...groups.map(({ name, description: about, members }) =>
        [
          `<h2 id="${idOf(name)}">${escaped(name)}</h2><p>${inline(about)}</p>`,
          ...members.map((told) => operationHtml(told, document)),
        ].join('\n'),
      ),
      '<h2 id="bodies">Bodies</h2>',
      ...Object.entries(document.components.schemas ?? {}).map(([name, schema]) =>
        bodyHtml(name, schema as JsonSchema),
      ),
      '</main>',
    ].join('\n'),
  )
}

function contents({ name, members }: { readonly name: string; readonly members: readonly Told[] }): string {
  const links = members.map(
    ({ operation: { operationId, summary } }) => `<li><a href="#${operationId}">${escaped(summary)}</a></li>`,
  )
  return `<h4><a href="#${idOf(name)}">${escaped(name)}</a></h4><ul>${links.join('')}</ul>`
}

function operationHtml({ method, path, operation }: Told, document: OpenApi): string {
  const { operationId, summary, description, parameters, requestBody, responses, security } = operation
  return [
    `<section class="operation" id="${operationId}" aria-labelledby="${operationId}-title">`,
    `<h3 id="${operationId}-title">${escaped(summary)}</h3>`,
    `<code class="where"><span class="method">${method}</span> ${escaped(path)}</code>`,
    `<p>${inline(description)}</p>`,
    security.length === 0 ? '<p class="soft">Anybody may ask.</p>' : '',
    parameters.length === 0 ? '' : table('Parameters', ['Name', 'In', 'What'], parameters.map(parameterRow)),
    requestBody === undefined ? '' : `<h4>Body</h4><p>${bodiesOf(requestBody)}</p>`,
    table(
      'Answers',
      ['Status', 'What', 'Body'],
      Object.entries(responses).map(([status, answer]) => answerRow(status, resolved(answer, document))),
    ),
    '</section>',
  ].join('\n')
}

function table(name: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((text) => `<th scope="col">${text}</th>`).join('')
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')
  return `<h4>${name}</h4><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

function parameterRow(parameter: JsonSchema): readonly string[] {
  const { name, in: where, required, description, schema } = parameter
  const needed = required === true ? ' <span class="soft">(needed)</span>' : ''
  return [
    `<code>${escaped(String(name))}</code>${needed}`,
    escaped(String(where)),
    `${inline(String(description))} ${typeOf(schema as JsonSchema)}`,
  ]
}

function answerRow(status: string, answer: JsonSchema): readonly string[] {
  return [status, inline(String(answer.description)), answer.content === undefined ? 'none' : bodiesOf(answer)]
}

function bodiesOf({ content }: JsonSchema): string {
  const types = Object.entries((content ?? {}) as Readonly<Record<string, { readonly schema: JsonSchema }>>)
  return types.map(([type, { schema }]) => `<code>${escaped(type)}</code> ${nameOf(schema)}`).join('<br>')
}

function nameOf(schema: JsonSchema): string {
  const [first] = (schema.allOf ?? [schema]) as readonly JsonSchema[]
  const name = typeof first?.$ref === 'string' ? first.$ref.split('/').at(-1) : undefined
  return name === undefined ? '' : `<a href="#body-${name}">${name}</a>`
}

function typeOf({ type, enum: words, pattern, minimum, maximum }: JsonSchema): string {
  const range = minimum === undefined && maximum === undefined ? '' : ` ${minimum ?? ''}–${maximum ?? ''}`
  const said = Array.isArray(words)
    ? words.map((word) => `<code>${escaped(String(word))}</code>`).join(' ')
    : escaped(`${type ?? ''}${range}`)
  return `<span class="soft">${said}${pattern === undefined ? '' : ` <code>${escaped(String(pattern))}</code>`}</span>`
}

function bodyHtml(name: string, schema: JsonSchema): string {
  const text = schema.description === undefined ? '' : `<p>${inline(String(schema.description))}</p>`
  const json = escaped(JSON.stringify(schema, null, 2))
  return `<section class="operation" id="body-${name}"><h3>${name}</h3>${text}<details><summary>JSON Schema</summary><pre tabindex="0"><code>${json}</code></pre></details></section>`
}

function resolved(answer: JsonSchema, document: OpenApi): JsonSchema {
  const name = typeof answer.$ref === 'string' ? answer.$ref.split('/').at(-1) : undefined
  if (name === undefined) return answer
  return ((document.components.responses ?? {}) as Readonly<Record<string, JsonSchema>>)[name] ?? answer
}

function idOf(name: string): string {
  return `tag-${name.toLowerCase()}`
}
