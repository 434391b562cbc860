import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { openApiDocument } from '../../lib/schema/openapi/document.ts'

type Json = Readonly<Record<string, unknown>>

const DOCUMENT = JSON.parse(JSON.stringify(openApiDocument())) as {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Json>> }>>>
  >
  readonly components: Readonly<Record<string, Readonly<Record<string, Json>>>>
}

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
ajv.addSchema({ $id: 'api', components: DOCUMENT.components })
const validators = new WeakMap<Json, ValidateFunction>()

/** Paths with parameters after those without, so that `v1/audit/verify` is not taken for a parameter. */
const PATHS = Object.keys(DOCUMENT.paths)
  .map((path) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll(/\{[a-z]+\}/g, path.includes('/ui/') ? '.*' : '[^/]*')}$`),
  }))
  .sort((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')))

/** What came back for a request. */
export interface Came {
  readonly method: string
  /** With `/api` and without the query. */
  readonly path: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/**
 * What in an answer is not as the OpenAPI document says: an unknown operation or status, a media type that is not told, a
 * body that its schema refuses, a header that is needed and absent. Empty = it conforms. HEAD is held to its GET, without
 * the body; what no operation is told of must be 404, 405, or the Allow of an OPTIONS.
 */
export function departures(came: Came): readonly string[] {
  const { method, status, headers, text } = came
  const path = PATHS.find(({ pattern }) => pattern.test(came.path))?.path
  const methods = path === undefined ? {} : (DOCUMENT.paths[path] ?? {})
  const operation = methods[(method === 'HEAD' ? 'get' : method).toLowerCase()]
  const where = `${method} ${came.path} ${status}`
  if (operation === undefined) {
    const isRight = path === undefined ? status === 404 : status === 405 || (method === 'OPTIONS' && status === 204)
    return isRight ? [] : [`${where}: the document knows no such operation`]
  }
  const told = operation.responses[String(status)]
  if (told === undefined) return [`${where}: the document knows no such status`]
  const answer = follow(told)
  const wrong = headersMissing(answer, headers).map((name) => `${where}: the header ${name} is absent`)
  if (method === 'HEAD') return text === '' ? wrong : [...wrong, `${where}: an answer to HEAD has a body`]
  return [...wrong, ...bodyWrong(answer, headers, text).map((each) => `${where}: ${each}`)]
}

/** Every operation of the document, with the methods of its path. */
export function documentedOperations(): readonly {
  readonly door: string
  readonly path: string
  readonly method: string
}[] {
  return Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      return { door: String((operation as Json)['x-function']), path, method: method.toUpperCase() }
    }),
  )
}

function follow(told: Json): Json {
  if (typeof told.$ref !== 'string') return told
  const [room = '', name = ''] = told.$ref.split('/').slice(-2)
  return DOCUMENT.components[room]?.[name] ?? {}
}

function headersMissing(answer: Json, headers: Headers): readonly string[] {
  const told = Object.entries((answer.headers ?? {}) as Readonly<Record<string, Json>>)
  return told.flatMap(([name, header]) => (follow(header).required === true && !headers.has(name) ? [name] : []))
}

function bodyWrong(answer: Json, headers: Headers, text: string): readonly string[] {
  const content = (answer.content ?? {}) as Readonly<Record<string, { readonly schema: Json }>>
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim() ?? ''
  if (Object.keys(content).length === 0) return text === '' ? [] : [`a body of ${type} where none is told`]
  const schema = (content[type] ?? content['*/*'])?.schema
  if (schema === undefined) return [`the media type ${type || '(none)'} is not told`]
  if (!type.endsWith('json') || content[type] === undefined) return []
  const validate = validatorOf(schema)
  if (validate(JSON.parse(text))) return []
  return (validate.errors ?? [])
    .slice(0, 5)
    .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
}

function validatorOf(schema: Json): ValidateFunction {
  const known = validators.get(schema)
  if (known !== undefined) return known
  const made = ajv.compile(
    JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/')) as object,
  )
  validators.set(schema, made)
  return made
}
