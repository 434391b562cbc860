/**
 * A stand-in for Azure's Functions host: it runs the real `@azure/functions` registrations of a bundled app on this
 * machine, with routes, keys, timers and queue triggers. It does not prove that Azure's own host takes the app: it plays
 * what is known of that host's behaviour, and only the default (buffered) mode of the library.
 *
 * Not played: http streams, retry policies, other bindings than http, timer and queue, functionTimeout, scale-out,
 * singleton locks, CORS and Easy Auth.
 */
import { dirname } from 'node:path'
import type { QueueServiceClient } from '@azure/storage-queue'
import { type HostClock, machineClock } from './clock.ts'
import type { InvocationResponse } from './functions-core.ts'
import { type HostRules, readHostJson } from './host-json.ts'
import { startHttp } from './http.ts'
import type { HostKeys } from './keys.ts'
import { createLog, type Log, type LogLevel, type LogLine, textOf, writeToStderr } from './log.ts'
import { sendOutputs } from './outputs.ts'
import { startQueue } from './queues.ts'
import { type HostFunction, readRegistration, type Settings } from './registrations.ts'
import { createStatusFile, type StatusStore } from './timer-status.ts'
import { startTimer, timerData } from './timers.ts'
import { startWorker, type Trigger, type Worker } from './worker.ts'

export interface HostOptions {
  /**
   * The bundle: `.mjs` or `.cjs`, with its own copy of @azure/functions and with @azure/functions-core external. One that
   * is split into chunks can be loaded once in a process.
   */
  readonly entry: string
  /** The parsed host.json. */
  readonly hostJson: unknown
  /** App settings; put into process.env while the host runs. */
  readonly settings: Settings
  readonly keys: HostKeys
  /** The queue service of a connection, which is the prefix of its settings. */
  readonly queues: (connection: string) => QueueServiceClient
  /** What timers go by; the machine's clock when absent. */
  readonly clock?: HostClock
  /** 0, the default, takes a free one. */
  readonly port?: number
  /** Keeps the status of timers from one start to the next; without it no run is ever past due. */
  readonly timerStatusFile?: string
  readonly writeLog?: (line: LogLine) => void
  readonly logLevel?: LogLevel
  /** When a client is cut off; Azure's 230 s when absent. */
  readonly cutMs?: number
  /** How long a queue message is hidden at a time while its function runs; Azure's ten minutes when absent. */
  readonly leaseMs?: number
  /** How long closing waits for running invocations; 30 s when absent. */
  readonly graceMs?: number
}

export interface Host {
  readonly url: string
  readonly functions: readonly HostFunction[]
  /** Runs a timer function now, whatever its schedule; rejects with what the function threw. */
  runTimer(name: string): Promise<void>
  /** Takes nothing new, lets running invocations end, runs the appTerminate hooks. Twice is harmless. */
  close(): Promise<void>
}

interface Running extends HostOptions {
  readonly rules: HostRules
  readonly log: Log
  readonly clock: HostClock
  readonly worker: Worker
  readonly functions: readonly HostFunction[]
  readonly inFlight: Set<Promise<unknown>>
}

const DEFAULT_MAX_BODY_BYTES = 104_857_600

/** Starts the app and its listeners; throws when the app cannot be loaded or asks for what this host does not play. */
export async function createHost(options: HostOptions): Promise<Host> {
  const clock = options.clock ?? machineClock
  const log = createLog(options.writeLog ?? writeToStderr, options.logLevel ?? 'information', () => clock.now())
  const rules = readHostJson(options.hostJson)
  const restore = setEnvironment(options.settings)
  try {
    const worker = await startWorker(options.entry, dirname(options.entry), log)
    const functions = worker.functions.map((each) => readRegistration(each, options.settings))
    const queues = once(options.queues)
    return await open({ ...options, queues, rules, log, clock, worker, functions, inFlight: new Set() }, restore)
  } catch (error) {
    restore()
    throw error
  }
}

/** One client per connection, however often it is asked for. */
function once(queues: HostOptions['queues']): HostOptions['queues'] {
  const made = new Map<string, QueueServiceClient>()
  return (connection) => {
    const service = made.get(connection) ?? queues(connection)
    made.set(connection, service)
    return service
  }
}

async function open(running: Running, restore: () => void): Promise<Host> {
  const { functions, log } = running
  for (const each of functions) if (each.type === 'queue' && !each.disabled) running.queues(each.connection)
  const status = running.timerStatusFile === undefined ? null : createStatusFile(running.timerStatusFile)
  const http = await startHttp(httpOptions(running))
  const listeners = functions.flatMap((each) => (each.disabled ? [] : listen(running, each, status)))
  log('information', 'Host.Startup', `${functions.length} functions at ${http.url}`)
  let closing: Promise<void> | null = null
  const close = async () => {
    const stopped = [http.drain(), ...listeners.map((listener) => listener.stop())]
    await within(
      running.graceMs ?? 30_000,
      Promise.all(stopped).then(() => Promise.allSettled(running.inFlight)),
    )
    http.cut()
    await running.worker.terminate()
    restore()
    log('information', 'Host.Shutdown', 'closed')
  }
  return {
    url: http.url,
    functions,
    runTimer: (name) => runTimer(running, name),
    close() {
      closing ??= close()
      return closing
    },
  }
}

function httpOptions(running: Running): Parameters<typeof startHttp>[0] {
  const { functions, rules, keys, log, settings } = running
  const limit = Number(settings.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT ?? DEFAULT_MAX_BODY_BYTES)
  return {
    port: running.port ?? 0,
    prefix: rules.routePrefix,
    functions: functions.flatMap((each) =>
      each.type === 'http' ? [{ ...each, functionName: each.name, template: each.route }] : [],
    ),
    keys,
    maxBodyBytes: Number.isInteger(limit) ? limit : DEFAULT_MAX_BODY_BYTES,
    cutMs: running.cutMs ?? 230_000,
    log,
    invoke: (name, trigger) => invoke(running, name, trigger),
    runByHand: (name, input) => runByHand(running, name, input),
  }
}

function listen(running: Running, called: HostFunction, status: StatusStore | null) {
  const { clock, log, rules } = running
  const { name } = called
  if (called.type === 'timer') {
    const run = async (trigger: Trigger) => void (await invoke(running, name, trigger))
    const kept = called.useMonitor ? status : null
    return [startTimer({ ...called, status: kept, clock, log, invoke: (data) => run({ data }) })]
  }
  if (called.type === 'http') return []
  const service = running.queues(called.connection)
  const queue = service.getQueueClient(called.queueName)
  const poison = service.getQueueClient(`${called.queueName}-poison`)
  const run = async (text: string, triggerMetadata: NonNullable<Trigger['triggerMetadata']>) => {
    await logged(running, name, { data: { string: text }, triggerMetadata })
  }
  const leaseMs = running.leaseMs ?? 600_000
  return [startQueue({ functionName: name, queue, poison, rules: rules.queues, leaseMs, log, invoke: run })]
}

/** Every invocation goes through here: it is counted while it runs, and its queue outputs are sent before it counts as done. */
function invoke(running: Running, name: string, trigger: Trigger): Promise<InvocationResponse> {
  const work = async () => {
    const response = await running.worker.invoke(name, trigger)
    const registered = running.worker.functions.find((each) => each.metadata.name === name)
    if (registered !== undefined) await sendOutputs(registered.metadata, response, (...to) => send(running, ...to))
    return response
  }
  const invocation = work()
  running.inFlight.add(invocation)
  const done = () => void running.inFlight.delete(invocation)
  invocation.then(done, done)
  return invocation
}

async function logged(running: Running, name: string, trigger: Trigger): Promise<void> {
  try {
    await invoke(running, name, trigger)
  } catch (error) {
    running.log('error', `Function.${name}`, textOf(error))
    throw error
  }
}

async function send(running: Running, connection: string, queueName: string, text: string): Promise<void> {
  const queue = running.queues(connection).getQueueClient(queueName)
  const isBase64 = running.rules.queues.messageEncoding === 'base64'
  await queue.createIfNotExists()
  await queue.sendMessage(isBase64 ? Buffer.from(text).toString('base64') : text)
}

async function runTimer(running: Running, name: string): Promise<void> {
  const timer = running.functions.find((each) => each.name === name && each.type === 'timer')
  if (timer === undefined) throw new Error(`There is no timer function "${name}".`)
  await invoke(running, name, { data: timerData(null, false) })
}

function runByHand(running: Running, name: string, input: string): boolean {
  const called = running.functions.find((each) => each.name.toLowerCase() === name.toLowerCase())
  if (called === undefined || called.type === 'http') return false
  const data = called.type === 'timer' ? timerData(null, false) : { string: input }
  logged(running, called.name, { data }).catch(() => undefined)
  return true
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, limit])
  clearTimeout(timer)
}

/** Puts settings into process.env; the answer puts back what was there. */
function setEnvironment(settings: Settings): () => void {
  const before = Object.keys(settings).map((name) => [name, process.env[name]] as const)
  const put = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  for (const [name, value] of Object.entries(settings)) put(name, value)
  return () => {
    for (const [name, value] of before) put(name, value)
  }
}
