import { readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'

/** A JSON object. */
type Json = Readonly<Record<string, unknown>>

/** Reads the document that a reference names, relative to the document it stands in. */
export type Fetch = (path: string) => Json

/** The operations that Slipway calls, and the replicas, which its simulator serves too. */
export const OPERATIONS = [
  'ContainerAppsRevisionReplicas_ListReplicas',
  'ContainerAppsRevisions_ActivateRevision',
  'ContainerAppsRevisions_DeactivateRevision',
  'ContainerAppsRevisions_GetRevision',
  'ContainerAppsRevisions_ListRevisions',
  'ContainerAppsRevisions_RestartRevision',
  'ContainerApps_Get',
  'ContainerApps_ListByResourceGroup',
  'ContainerApps_Update',
]

/** What stays of a schema: the words that a validator understands. */
const KEPT = ['type', 'format', 'enum', 'required', 'minimum', 'maximum', 'x-nullable']

/**
 * The part of an OpenAPI 2 document that `operations` need: their answers, and every definition that these lead to,
 * also in other documents. Prose and vendor extensions are left out; all is sorted by name.
 */
export function trimApi(document: Json, path: string, operations: readonly string[], fetch: Fetch): Json {
  const definitions: Record<string, Json> = {}
  const take = (from: string, reference: string): string => {
    const [file = '', pointer = ''] = reference.split('#')
    const home = file === '' ? from : resolve(dirname(from), file)
    const name = basename(pointer)
    if (definitions[name] === undefined) {
      definitions[name] = {}
      const found = part(home === path ? document : fetch(home), 'definitions')[name]
      if (found === undefined) throw new Error(`${home} has no definition ${name}, which ${from} refers to`)
      definitions[name] = trimSchema(found as Json, (inner) => take(home, inner))
    }
    return name
  }
  const trimmed: Record<string, Json> = {}
  for (const [route, methods] of Object.entries(part(document, 'paths'))) {
    for (const [method, operation] of Object.entries(methods as Json)) {
      const { operationId, responses } = operation as { operationId: string; responses: Json }
      if (!operations.includes(operationId)) continue
      trimmed[operationId] = { method, path: route, responses: trimResponses(responses, (inner) => take(path, inner)) }
    }
  }
  const missing = operations.filter((id) => trimmed[id] === undefined)
  if (missing.length > 0) throw new Error(`${path} does not describe ${missing.join(', ')}`)
  return sorted({ operations: trimmed, definitions }) as Json
}

function trimResponses(responses: Json, take: (reference: string) => string): Json {
  const trimmed = Object.entries(responses).map(([status, response]) => {
    const { schema, headers } = response as { schema?: { $ref: string }; headers?: Json }
    const kept = {
      ...(schema ? { schema: take(schema.$ref) } : {}),
      ...(headers ? { headers: Object.keys(headers) } : {}),
    }
    return [status, kept]
  })
  return Object.fromEntries(trimmed)
}

function trimSchema(schema: Json, take: (reference: string) => string): Json {
  if (typeof schema.$ref === 'string') return { $ref: `#/definitions/${take(schema.$ref)}` }
  const inner = (value: unknown) => trimSchema(value as Json, take)
  const kept = Object.fromEntries(Object.entries(schema).filter(([name]) => KEPT.includes(name)))
  const { properties, items, allOf, additionalProperties } = schema
  return {
    ...kept,
    ...(properties ? { properties: mapValues(properties as Json, inner) } : {}),
    ...(items ? { items: inner(items) } : {}),
    ...(Array.isArray(allOf) ? { allOf: allOf.map(inner) } : {}),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: inner(additionalProperties) } : {}),
  }
}

function mapValues(object: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]))
}

function part(document: Json, name: string): Json {
  return (document[name] ?? {}) as Json
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  )
}

function main(file: string): void {
  const read: Fetch = (path) => JSON.parse(readFileSync(path, 'utf8'))
  const path = resolve(file)
  const version = basename(dirname(path))
  const source = `https://github.com/Azure/azure-rest-api-specs, ${path.replace(/^.*(?=specification\/)/, '')} (MIT), trimmed by scripts/trim-azure-api.ts`
  const text = JSON.stringify({ ...trimApi(read(path), path, OPERATIONS, read), source }, null, 1)
  writeFileSync(resolve(import.meta.dirname, `../test/sim/azure-api/container-apps-${version}.json`), `${text}\n`)
}

if (import.meta.main) {
  const [file] = process.argv.slice(2)
  if (file === undefined) throw new Error('say which openapi.json: node scripts/trim-azure-api.ts <path>')
  main(file)
}
