import { ArmRefusal, badRequest } from '../world/refusal.ts'
import type { AppKey, OperationSeen, World } from '../world/types.ts'
import type { Json } from '../world/wire.ts'
import { json, type Reply } from './serve.ts'

/** A request as far as ARM looks at it. */
export interface ArmRequest {
  readonly method: string
  readonly url: URL
  /** Without its parameters, in lower case; empty where there is none. */
  readonly contentType: string
  readonly body: string
}

/** How lists are cut, and what absolute links begin with. */
export interface ArmPlace {
  readonly origin: string
  readonly pageSize: number
}

/** Versions that the SDK knows (`@azure/arm-appcontainers` 4). */
const API_VERSIONS = ['2026-01-01', '2026-07-01']

/** Seconds between two looks at an operation that the 202 asks for. */
const RETRY_AFTER_S = 1

const SCOPE = '/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft.App/containerApps'
const OPERATIONS = '/subscriptions/([^/]+)/providers/Microsoft.App/locations/([^/]+)'

type Answer = (world: World, parts: readonly string[], request: ArmRequest, place: ArmPlace) => Reply

const ROUTES: readonly { readonly method: string; readonly path: RegExp; readonly answer: Answer }[] = [
  route('GET', SCOPE, (world, [subscriptionId = '', resourceGroup = ''], request, place) =>
    page(world.list(subscriptionId, resourceGroup), request, place),
  ),
  route('GET', `${SCOPE}/([^/]+)`, (world, parts) => json(200, world.get(keyOf(parts)))),
  route('PATCH', `${SCOPE}/([^/]+)`, patchApp),
  route('GET', `${SCOPE}/([^/]+)/revisions`, (world, parts, request, place) =>
    page(world.listRevisions(keyOf(parts)), request, place),
  ),
  route('GET', `${SCOPE}/([^/]+)/revisions/([^/]+)`, (world, parts) =>
    json(200, world.getRevision(keyOf(parts), parts[3] ?? '')),
  ),
  route('GET', `${SCOPE}/([^/]+)/revisions/([^/]+)/replicas`, (world, parts) =>
    json(200, { value: world.listReplicas(keyOf(parts), parts[3] ?? '') }),
  ),
  route('POST', `${SCOPE}/([^/]+)/revisions/([^/]+)/(activate|deactivate|restart)`, (world, parts) => {
    const verb = (parts[4] ?? '').toLowerCase() as 'activate' | 'deactivate' | 'restart'
    world[verb](keyOf(parts), parts[3] ?? '')
    return EMPTY
  }),
  route('GET', `${OPERATIONS}/containerappOperationStatuses/([^/]+)`, (world, parts, { url }) =>
    json(200, statusOf(world.operation(parts[2] ?? ''), url.pathname)),
  ),
  route('GET', `${OPERATIONS}/containerappOperationResults/([^/]+)`, operationResult),
]

const EMPTY: Reply = { status: 200, headers: {}, body: '' }

/** Answers one authenticated ARM request from the world. Throws ArmRefusal. */
export function answerArm(world: World, request: ArmRequest, place: ArmPlace): Reply {
  const { pathname, searchParams } = request.url
  const path = decodeURIComponent(pathname).replace(/\/+$/, '')
  const fitting = ROUTES.filter((each) => each.path.test(path))
  const met = fitting.find((each) => each.method === request.method)
  if (met === undefined) throw unknownRoute(request.method, path, fitting.length > 0)
  checkVersion(searchParams.get('api-version'))
  const [, ...parts] = met.path.exec(path) ?? []
  return met.answer(world, parts, request, place)
}

function route(method: string, path: string, answer: Answer) {
  return { method, path: new RegExp(`^${path.replaceAll('.', '\\.')}$`, 'i'), answer }
}

function keyOf([subscriptionId = '', resourceGroup = '', app = '']: readonly string[]): AppKey {
  return { subscriptionId, resourceGroup, app }
}

function unknownRoute(method: string, path: string, isKnownPath: boolean): ArmRefusal {
  const message = `The simulator serves nothing at ${method} ${path}.`
  const status = isKnownPath ? 405 : 404
  return new ArmRefusal({ status, code: isKnownPath ? 'MethodNotAllowed' : 'InvalidResourceType', message })
}

function checkVersion(version: string | null): void {
  if (version === null) {
    throw badRequest('MissingApiVersionParameter', 'The api-version query parameter (?api-version=) is required.')
  }
  if (API_VERSIONS.includes(version)) return
  const message = `The api-version '${version}' is invalid. The supported versions are '${API_VERSIONS.join(', ')}'.`
  throw badRequest('InvalidApiVersionParameter', message)
}

/**
 * The description gives the 202 `Location` and `Retry-After`, its example `azure-asyncoperation`; ARM allows all three
 * (https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations), so all are sent, and no body.
 */
function patchApp(world: World, parts: readonly string[], request: ArmRequest, { origin }: ArmPlace): Reply {
  if (request.contentType !== 'application/json') {
    const message = `The content media type '${request.contentType}' is not supported. Only 'application/json' is supported.`
    throw new ArmRefusal({ status: 415, code: 'UnsupportedMediaType', message })
  }
  const target = keyOf(parts)
  const { operationId } = world.patch(target, parsed(request.body))
  const place = `${origin}/subscriptions/${target.subscriptionId}/providers/Microsoft.App/locations/westeurope`
  const version = `api-version=${request.url.searchParams.get('api-version')}`
  return {
    status: 202,
    headers: {
      'azure-asyncoperation': `${place}/containerappOperationStatuses/${operationId}?${version}`,
      location: `${place}/containerappOperationResults/${operationId}?${version}`,
      'retry-after': String(RETRY_AFTER_S),
    },
    body: '',
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw badRequest('InvalidRequestContent', 'The request content was invalid and could not be deserialized.')
  }
}

function statusOf({ id, status, startedAt, endsAt, error }: OperationSeen, path: string): Json {
  return {
    id: path,
    name: id,
    status,
    startTime: new Date(startedAt).toISOString(),
    ...(status === 'InProgress' ? {} : { endTime: new Date(endsAt).toISOString() }),
    ...(error === null ? {} : { error }),
  }
}

/** While it runs: 202 and look again. Afterwards the app itself, also where the operation failed: its state tells. */
function operationResult(world: World, parts: readonly string[], { url }: ArmRequest, { origin }: ArmPlace): Reply {
  const { status, target } = world.operation(parts[2] ?? '')
  if (status !== 'InProgress') return json(200, world.get(target))
  const headers = { location: `${origin}${url.pathname}${url.search}`, 'retry-after': String(RETRY_AFTER_S) }
  return { status: 202, headers, body: '' }
}

function page(items: readonly Json[], { url }: ArmRequest, { origin, pageSize }: ArmPlace): Reply {
  const start = Number(url.searchParams.get('$skiptoken') ?? 0)
  if (!Number.isInteger(start) || start < 0) throw badRequest('InvalidSkipToken', 'The skip token is not one of ours.')
  const end = start + pageSize
  if (end >= items.length) return json(200, { value: items.slice(start) })
  const next = new URLSearchParams(url.searchParams)
  next.set('$skiptoken', String(end))
  return json(200, { value: items.slice(start, end), nextLink: `${origin}${url.pathname}?${next}` })
}
