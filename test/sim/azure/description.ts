import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly allOf?: readonly Schema[]
  readonly additionalProperties?: Schema
  readonly 'x-nullable'?: boolean
}

interface Description {
  readonly operations: Readonly<
    Record<string, { readonly method: string; readonly path: string; readonly responses: Responses }>
  >
  readonly definitions: Readonly<Record<string, Schema>>
}

type Responses = Readonly<Record<string, { readonly schema?: string; readonly headers?: readonly string[] }>>

/** The published description of the operations that Slipway uses, api-version 2026-07-01. */
export const description: Description = read('container-apps-2026-07-01.json')

/** A published example: what is asked, and the answers by status. */
export interface Example {
  readonly operationId: string
  readonly parameters: { readonly containerAppEnvelope?: unknown }
  readonly responses: Readonly<
    Record<string, { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }>
  >
}

/** The published example of that name. */
export function example(name: string): Example {
  return read(`examples/${name}.json`)
}

/** What live Azure says beyond the description. All the enums concerned are open ones (`modelAsString`). */
const LIVE: Readonly<Record<string, (schema: Schema) => Schema>> = {
  // Seen on live revisions: yeongseon/azure-container-apps-practical-guide, labs/*/evidence.
  RevisionRunningState: (schema) =>
    words(schema, ['RunningAtMaxScale', 'Activating', 'ScaledToZero', 'Deprovisioning']),
  RevisionProperties: (schema) => names(schema, { runningStateDetails: { type: 'string' } }),
  // Deployment labels: https://learn.microsoft.com/azure/container-apps/labels
  Configuration: (schema) =>
    names(schema, {
      activeRevisionsMode: words(schema.properties?.activeRevisionsMode ?? {}, ['Labels']),
      targetLabel: { type: 'string' },
    }),
  // Reads back with a capital: Azure CLI and portal show `Auto` (hashicorp/terraform-provider-azurerm#20537 has such an answer).
  Ingress: (schema) => names(schema, { transport: words(schema.properties?.transport ?? {}, ['Auto']) }),
}

/**
 * What is wrong with a value by a definition of the description; names that the definition does not have are wrong.
 * `published` leaves out what only live Azure says. Null stands for absent, in ARM's answers as in its examples.
 */
export function faultsIn(
  definition: string,
  value: unknown,
  published: 'published' | 'live' = 'live',
): readonly string[] {
  const key = `${published} ${definition}`
  const validate = compiled.get(key) ?? compile(definition, published)
  compiled.set(key, validate)
  if (validate(withoutNulls(value))) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}

const compiled = new Map<string, ValidateFunction>()

function compile(definition: string, published: 'published' | 'live'): ValidateFunction {
  const ajv = new Ajv({ strict: true, allErrors: true })
  for (const [name, test] of Object.entries(FORMATS)) ajv.addFormat(name, test)
  const number = { type: 'number', validate: (value: number) => Number.isFinite(value) } as const
  for (const name of ['int32', 'int64', 'double']) ajv.addFormat(name, number)
  const definitions = Object.entries(description.definitions).map(([name, schema]) => {
    const said = flat(schema)
    return [name, closed(published === 'live' ? (LIVE[name]?.(said) ?? said) : said)]
  })
  return ajv.compile({ definitions: Object.fromEntries(definitions), $ref: `#/definitions/${definition}` })
}

const FORMATS: Readonly<Record<string, RegExp | ((text: string) => boolean)>> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  uri: (text) => URL.canParse(text),
  'arm-id': /^\/subscriptions\/[^/]+(\/.+)?$/,
  password: () => true,
}

/** `allOf` melted into one object, so that names beyond all its parts can be refused. */
function flat({ allOf = [], ...own }: Schema): Schema {
  const parts = [...allOf.map((part) => flat(resolved(part))), own]
  const properties = Object.assign({}, ...parts.map((part) => part.properties))
  const required = parts.flatMap((part) => part.required ?? [])
  return {
    ...own,
    ...(parts.some((part) => part.properties) ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
  }
}

function resolved(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : (description.definitions[name] ?? {})
}

function closed(schema: Schema): object {
  const { 'x-nullable': _, ...said } = flat(schema)
  return {
    ...said,
    ...(said.items ? { items: closed(said.items) } : {}),
    ...(said.additionalProperties ? { additionalProperties: closed(said.additionalProperties) } : {}),
    ...(said.properties
      ? {
          properties: Object.fromEntries(Object.entries(said.properties).map(([name, inner]) => [name, closed(inner)])),
          additionalProperties: false,
        }
      : {}),
  }
}

function words(schema: Schema, more: readonly string[]): Schema {
  return { ...schema, enum: [...(schema.enum ?? []), ...more] }
}

function names(schema: Schema, more: Readonly<Record<string, Schema>>): Schema {
  return { ...schema, properties: { ...schema.properties, ...more } }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, inner]) => inner !== null)
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutNulls(inner)]))
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../azure-api/${file}`, import.meta.url), 'utf8'))
}
