import * as z from 'zod'
import { ROUTES, type Route, type RouteId } from '../../door/routes.ts'
import { type JsonSchema, namedSchemas, schemaOf } from './components.ts'
import type { AnswerTold, Content, Operation, Parameter } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { OTHER_OPERATIONS } from './others.ts'
import { problemAnswer, problemsOf } from './problems.ts'
import { SLIPWAY_VERSION } from './version.ts'

/** One operation of the document. */
export interface DocumentedOperation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly parameters: readonly JsonSchema[]
  readonly requestBody?: JsonSchema
  readonly responses: Readonly<Record<string, JsonSchema>>
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  /** The function that answers it. */
  readonly 'x-function': string
}

/** The document of the API. */
export interface OpenApi {
  readonly openapi: '3.1.0'
  readonly info: JsonSchema
  readonly servers: readonly JsonSchema[]
  readonly tags: readonly JsonSchema[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>
  readonly components: Readonly<Record<string, JsonSchema>>
}

const DESCRIPTION = `Progressive delivery for Azure Container Apps.

Every refusal is a problem document (RFC 9457). Every GET answers HEAD too, and every path OPTIONS, with what it allows; other methods are answered 405 with Allow. Parameters that an operation does not know are refused. Answers under /api/v1 carry \`api-version: 1\`; within a version, members may be added and none goes away. Keys and tokens go into headers, never into URLs.`

const TAGS: Readonly<Record<string, string>> = {
  Services: 'How services stand.',
  Commands: 'What rollouts are told.',
  Manifests: 'How services are to be delivered.',
  Rollouts: 'Attempts to bring an image to everybody.',
  Approvals: 'Gates that wait for people.',
  Freezes: 'Times in which nothing new takes traffic.',
  Audit: 'What was done, by whom, and why.',
  Notices: 'What is told outside.',
  Quarantine: 'What cannot be read or acted on.',
  Reports: 'What the days add up to.',
  Callers: 'Who asks.',
  Health: 'The app itself.',
  Hooks: 'Where registries say that there is a new image.',
  Pages: 'What people read.',
}

/** The OpenAPI 3.1 document of everything that is answered under `/api/`, made of the schemas that are held to the types. */
export function openApiDocument(): OpenApi {
  const routes = (Object.keys(ROUTES) as RouteId[]).map((id) => {
    const route: Route = ROUTES[id]
    return {
      ...route,
      id,
      operation: OPERATIONS[id] as Operation,
      isOperators: route.needs !== null,
      security: securityOf(route),
    }
  })
  const others = Object.entries(OTHER_OPERATIONS).map(([id, operation]) => {
    const security = operation.needs === 'nothing' ? [] : [{ hookKey: [] }, { hookBearer: [] }, {}]
    return { ...operation, id, operation, isOperators: false, security }
  })
  const paths: Record<string, Record<string, DocumentedOperation>> = {}
  for (const each of [...routes, ...others]) {
    const path = `/api/${each.path}`
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: documented(each) }
  }
  return shared({
    openapi: '3.1.0',
    info: {
      title: 'Slipway',
      version: SLIPWAY_VERSION,
      summary: 'Progressive delivery for Azure Container Apps',
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The function app that serves this document.' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: namedSchemas(), headers: HEADERS, securitySchemes: SECURITY },
  })
}

function documented({
  id,
  door,
  path,
  operation,
  isOperators,
  security,
}: {
  readonly id: string
  readonly door: string
  readonly path: string
  readonly operation: Operation
  readonly isOperators: boolean
  readonly security: DocumentedOperation['security']
}): DocumentedOperation {
  const isOfApi = path.startsWith('v1/')
  const version: Readonly<Record<string, Parameter>> = isOfApi ? API_VERSION : {}
  const { summary, description, tag, params, headers, body } = operation
  const query = { ...operation.query, ...version }
  return {
    operationId: id,
    summary,
    description,
    tags: [tag],
    parameters: [
      ...Object.entries(params).map(([name, told]) => parameter('path', name, { ...told, required: true })),
      ...Object.entries(query).map(([name, told]) => parameter('query', name, told)),
      ...Object.entries(headers).map(([name, told]) => parameter('header', name, told)),
    ],
    ...(body === null ? {} : { requestBody: { required: body.required, content: contentOf(body.content) } }),
    responses: responsesOf(operation, isOperators, isOfApi),
    security,
    'x-function': door,
  }
}

function responsesOf(operation: Operation, isOperators: boolean, isOfApi: boolean): Record<string, JsonSchema> {
  const all: Record<string, JsonSchema> = {}
  for (const [status, kinds] of problemsOf(operation, isOperators)) all[status] = problemAnswer(status, kinds)
  for (const [status, told] of Object.entries(operation.answers)) all[status] = merged(answerOf(told), all[status])
  if (!isOfApi) return all
  const version = { 'api-version': { $ref: '#/components/headers/ApiVersion' } }
  return Object.fromEntries(
    Object.entries(all).map(([status, answer]) => [
      status,
      { ...answer, headers: { ...(answer.headers as object), ...version } },
    ]),
  )
}

/** The same document with every answer that stands more than once told once, among the components. */
function shared(document: OpenApi): OpenApi {
  const times = new Map<string, number>()
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  for (const { responses } of operations) {
    for (const text of Object.values(responses).map((answer) => JSON.stringify(answer))) {
      times.set(text, (times.get(text) ?? 0) + 1)
    }
  }
  const names = new Map<string, string>()
  const responses: Record<string, JsonSchema> = {}
  const told = (status: string, answer: JsonSchema): JsonSchema => {
    const text = JSON.stringify(answer)
    if ((times.get(text) ?? 0) < 2) return answer
    const name =
      names.get(text) ?? `Status${status}-${[...names.values()].filter((each) => each.includes(status)).length + 1}`
    names.set(text, name)
    responses[name] = answer
    return { $ref: `#/components/responses/${name}` }
  }
  const withRefs = (operation: DocumentedOperation): DocumentedOperation => ({
    ...operation,
    responses: mapped(operation.responses, (answer, status) => told(status, answer)),
  })
  const paths = mapped(document.paths, (path) => mapped(path, withRefs))
  return { ...document, paths, components: { ...document.components, responses } }
}

function mapped<From, To>(
  object: Readonly<Record<string, From>>,
  change: (member: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(object).map(([name, member]) => [name, change(member, name)]))
}

/** One status may be an answer of its own and a problem document. */
function merged(answer: JsonSchema, problem: JsonSchema | undefined): JsonSchema {
  if (problem === undefined) return answer
  const { description, headers, content } = answer
  return {
    description: `${description} Or: ${problem.description}`,
    headers: { ...(headers as object), ...(problem.headers as object) },
    content: { ...(content as object), ...(problem.content as object) },
  }
}

function answerOf({ description, content, headers = {} }: AnswerTold): JsonSchema {
  const own = Object.entries(headers).map(([name, { schema, required = false, ...told }]) => {
    return [name, { description: told.description, required, schema: schemaOf(schema) }] as const
  })
  return {
    description,
    headers: { 'x-request-id': { $ref: '#/components/headers/RequestId' }, ...Object.fromEntries(own) },
    ...(content === undefined ? {} : { content: contentOf(content) }),
  }
}

function contentOf(content: Content): JsonSchema {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema: schemaOf(schema) }]))
}

function parameter(where: 'path' | 'query' | 'header', name: string, told: Parameter): JsonSchema {
  return {
    name,
    in: where,
    required: told.required ?? false,
    description: told.description,
    schema: schemaOf(told.schema),
  }
}

function securityOf({ needs }: Route): DocumentedOperation['security'] {
  return needs === null ? [] : [{ token: [] }, { entra: [] }]
}

const API_VERSION: Readonly<Record<string, Parameter>> = {
  'api-version': { schema: z.enum(['1']), description: 'The version of the API that you know; there is one.' },
}

const SECURITY: JsonSchema = {
  token: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of Microsoft Entra ID (v2.0) for this app, with the roles of its caller.',
  },
  entra: {
    type: 'openIdConnect',
    openIdConnectUrl: 'https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration',
    description: 'Where such a token comes from; `organizations` stands for the tenant of the installation.',
  },
  hookKey: { type: 'apiKey', in: 'header', name: 'x-slipway-key', description: 'The shared key of the hooks.' },
  hookBearer: { type: 'http', scheme: 'bearer', description: 'The shared key of the hooks, as a bearer token.' },
}

const text = (description: string, required = true): JsonSchema => ({
  description,
  required,
  schema: { type: 'string' },
})

const HEADERS: JsonSchema = {
  RequestId: text('The id under which this request was logged; yours, where you sent one in this header.'),
  ApiVersion: { description: 'The version of the API.', required: true, schema: { type: 'string', const: '1' } },
  Authenticate: text('How to say who you are; absent where the session of a browser has ended.', false),
  RetryAfter: { description: 'Seconds to wait.', required: true, schema: { type: 'integer', minimum: 1 } },
}
