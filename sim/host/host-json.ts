/** How queue triggers behave; names, units and defaults are those of host.json's `extensions.queues`. */
export interface QueueRules {
  /** Messages per fetch, 1–32. */
  readonly batchSize: number
  /** Fetch again when no more than this many are running: up to batchSize + newBatchThreshold run at once. */
  readonly newBatchThreshold: number
  readonly maxPollingIntervalMs: number
  /** How long a message that failed stays hidden. */
  readonly visibilityTimeoutMs: number
  readonly maxDequeueCount: number
  readonly messageEncoding: 'base64' | 'none'
}

/** What this host takes from host.json. */
export interface HostRules {
  readonly routePrefix: string
  readonly queues: QueueRules
}

type Section = Readonly<Record<string, unknown>>

/** Reads a parsed host.json; what is absent has Azure's default. Throws an Error naming the setting that cannot be read. */
export function readHostJson(hostJson: unknown): HostRules {
  const root = section(hostJson, 'host.json')
  if (root.version !== '2.0') throw new Error('host.json: version must be "2.0".')
  const extensions = section(root.extensions, 'extensions')
  const prefix = section(extensions.http, 'extensions.http').routePrefix ?? 'api'
  if (typeof prefix !== 'string') throw new Error('host.json: extensions.http.routePrefix must be a text.')
  return { routePrefix: prefix, queues: readQueues(section(extensions.queues, 'extensions.queues')) }
}

const OVERRIDE = 'AzureFunctionsJobHost__'

/** host.json with the app settings laid over it that name a place in it, e.g. AzureFunctionsJobHost__extensions__http__routePrefix. */
export function withOverrides(hostJson: unknown, settings: Readonly<Record<string, string | undefined>>): unknown {
  let result = hostJson
  for (const [name, value] of Object.entries(settings)) {
    if (name.startsWith(OVERRIDE) && value !== undefined) {
      result = overridden(result, name.slice(OVERRIDE.length).split('__'), value)
    }
  }
  return result
}

/** A setting is always text; where host.json holds a number, so does its override. */
function overridden(value: unknown, path: readonly string[], text: string): unknown {
  const [key, ...rest] = path
  if (key === undefined) return typeof value === 'number' ? Number(text) : text
  const inside = section(value, path.join('.'))
  return { ...inside, [key]: overridden(inside[key], rest, text) }
}

function readQueues(queues: Section): QueueRules {
  const batchSize = integer(queues, 'batchSize', 16, 1, 32)
  const messageEncoding = queues.messageEncoding ?? 'base64'
  if (messageEncoding !== 'base64' && messageEncoding !== 'none') {
    throw new Error('host.json: extensions.queues.messageEncoding must be "base64" or "none".')
  }
  return {
    batchSize,
    newBatchThreshold: integer(queues, 'newBatchThreshold', Math.floor(batchSize / 2), 0, 1000),
    maxPollingIntervalMs: duration(queues, 'maxPollingInterval', 60_000),
    visibilityTimeoutMs: duration(queues, 'visibilityTimeout', 0),
    maxDequeueCount: integer(queues, 'maxDequeueCount', 5, 1, 1000),
    messageEncoding,
  }
}

function section(value: unknown, name: string): Section {
  if (value === undefined) return {}
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Section
  throw new Error(`host.json: ${name} must be an object.`)
}

function integer(from: Section, name: string, absent: number, min: number, max: number): number {
  const value = from[name] ?? absent
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new Error(`host.json: extensions.queues.${name} must be a whole number from ${min} to ${max}.`)
}

/** `[d.]hh:mm:ss[.fff]`, as .NET writes a TimeSpan. */
function duration(from: Section, name: string, absent: number): number {
  const value = from[name]
  if (value === undefined) return absent
  const parts =
    typeof value === 'string' ? /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,7})?)$/.exec(value) : null
  if (parts === null) throw new Error(`host.json: extensions.queues.${name} must look like "hh:mm:ss".`)
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0))
  return (((days ?? 0) * 24 + (hours ?? 0)) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000
}
