import { randomUUID } from 'node:crypto'
import { loadEntry } from './entry.ts'
import type {
  Binding,
  CoreInvocationContext,
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  HookName,
  InvocationModel,
  InvocationRequest,
  InvocationResponse,
  ProgrammingModel,
  TypedData,
} from './functions-core.ts'
import type { Log, LogLevel } from './log.ts'

/** What triggers a function, beside the data itself. */
export interface Trigger {
  readonly data: TypedData
  readonly triggerMetadata?: Readonly<Record<string, TypedData>>
  readonly traceParent?: string
}

/** A function as the app registered it. */
export interface Registered {
  readonly metadata: FunctionMetadata
  readonly trigger: Binding
}

/** The language worker: the app's registrations, and invoking them. */
export interface Worker {
  readonly functions: readonly Registered[]
  /** Runs hooks and function; throws what the function threw (or what a hook left as error). */
  invoke(name: string, trigger: Trigger): Promise<InvocationResponse>
  /** Runs the appTerminate hooks. */
  terminate(): Promise<void>
}

const HOOK_NAMES: readonly HookName[] = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log']

interface App {
  readonly directory: string
  readonly log: Log
  readonly functions: Map<string, { readonly metadata: FunctionMetadata; readonly callback: FunctionCallback }>
  readonly hooks: Readonly<Record<HookName, HookCallback[]>>
  readonly appHookData: object
  readonly appLevelHookData: object
  model: ProgrammingModel | null
  locked: boolean
}

/** Loads the app's entry file, takes its registrations and runs its appStart hooks. */
export async function startWorker(entry: string, directory: string, log: Log): Promise<Worker> {
  const hooks = { appStart: [], appTerminate: [], preInvocation: [], postInvocation: [], log: [] }
  const app: App = {
    directory,
    log,
    functions: new Map(),
    hooks,
    appHookData: {},
    appLevelHookData: {},
    model: null,
    locked: false,
  }
  await loadEntry(entry, coreApi(app))
  if (app.model === null) {
    throw new Error(`${entry} registered nothing. Is it bundled with @azure/functions-core left external?`)
  }
  const capabilities = await app.model.getCapabilities({})
  if (capabilities.HttpUri !== undefined)
    throw new Error('enableHttpStream is on; this host only plays the default mode.')
  app.locked = true
  const context = { hookData: app.appLevelHookData, appHookData: app.appHookData }
  await runHooks(app, 'appStart', { ...context, functionAppDirectory: directory })
  return {
    functions: [...app.functions.values()].map(({ metadata }) => ({ metadata, trigger: triggerOf(metadata) })),
    invoke: (name, trigger) => invoke(app, name, trigger),
    terminate: () => runHooks(app, 'appTerminate', context),
  }
}

function coreApi(app: App) {
  return {
    version: '3.99.0',
    hostVersion: '4.99.0',
    registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) =>
      registerFunction(app, metadata, callback),
    registerHook: (name: HookName, callback: HookCallback) => registerHook(app, name, callback),
    setProgrammingModel(model: ProgrammingModel) {
      app.model = model
    },
    getProgrammingModel: () => app.model,
    log: (level: LogLevel, _category: string, message: string) => app.log(level, 'Host.Worker', message),
    Disposable,
  }
}

class Disposable {
  readonly dispose: () => void
  constructor(dispose: () => void) {
    this.dispose = dispose
  }
}

function registerFunction(app: App, metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
  if (app.locked) throw new Error(`Function "${metadata.name}": a function can only be registered during app startup.`)
  if (app.functions.has(metadata.name)) throw new Error(`A function "${metadata.name}" has already been registered.`)
  app.functions.set(metadata.name, { metadata, callback })
  return new Disposable(() => app.functions.delete(metadata.name))
}

function registerHook(app: App, name: HookName, callback: HookCallback): Disposable {
  if (!HOOK_NAMES.includes(name)) throw new RangeError(`Unrecognized hook "${name}"`)
  const hooks = app.hooks[name]
  hooks.push(callback)
  return new Disposable(() => {
    const index = hooks.indexOf(callback)
    if (index >= 0) hooks.splice(index, 1)
  })
}

function triggerOf(metadata: FunctionMetadata): Binding {
  const found = Object.values(metadata.bindings).find((binding) => /trigger$/i.test(binding.type))
  if (found === undefined) throw new Error(`Function "${metadata.name}" has no trigger.`)
  return found
}

async function runHooks(app: App, name: HookName, context: object): Promise<void> {
  for (const callback of app.hooks[name]) await callback(context)
}

/** The order of the real worker: arguments, pre hooks, function, post hooks, response. */
async function invoke(app: App, name: string, trigger: Trigger): Promise<InvocationResponse> {
  const registered = app.functions.get(name)
  if (registered === undefined || app.model === null) throw new Error(`There is no function "${name}".`)
  const core = coreContext(app, registered.metadata, trigger)
  const model = await app.model.getInvocationModel(core)
  const { context, inputs } = await model.getArguments()
  const shared = { hookData: {}, appHookData: app.appHookData, invocationContext: context }
  const before = { ...shared, functionCallback: registered.callback, inputs }
  await inState(core, 'preInvocationHooks', () => runHooks(app, 'preInvocation', before))
  const ran = await inState(core, 'invocation', () => run(model, context, before.inputs, before.functionCallback))
  const after = { ...shared, inputs: before.inputs, ...ran }
  await inState(core, 'postInvocationHooks', () => runHooks(app, 'postInvocation', after))
  if (after.error !== null && after.error !== undefined) throw after.error
  return model.getResponse(context, after.result)
}

async function run(model: InvocationModel, context: object, inputs: unknown[], callback: FunctionCallback) {
  try {
    return { result: await model.invokeFunction(context, inputs, callback), error: null as unknown }
  } catch (error) {
    return { result: null, error }
  }
}

async function inState<T>(core: CoreInvocationContext, state: CoreInvocationContext['state'], work: () => Promise<T>) {
  core.state = state
  try {
    return await work()
  } finally {
    core.state = undefined
  }
}

function coreContext(app: App, metadata: FunctionMetadata, trigger: Trigger): CoreInvocationContext {
  const invocationId = randomUUID()
  const category = `Function.${metadata.name}`
  return {
    invocationId,
    metadata,
    request: requestOf(invocationId, metadata, trigger),
    state: undefined,
    log(level, logCategory, message) {
      const line = { level, message, category: logCategory, hookData: {}, appHookData: app.appHookData }
      for (const hook of app.hooks.log) hook(line)
      const suffix = logCategory === 'user' ? '.User' : ''
      app.log(line.level, category + suffix, line.message, invocationId)
    },
  }
}

function requestOf(invocationId: string, metadata: FunctionMetadata, trigger: Trigger): InvocationRequest {
  const { data, triggerMetadata, traceParent } = trigger
  return {
    invocationId,
    functionId: metadata.name,
    inputData: [{ name: triggerOf(metadata).name, data }],
    ...(triggerMetadata === undefined ? {} : { triggerMetadata }),
    ...(traceParent === undefined ? {} : { traceContext: { traceParent, traceState: '', attributes: {} } }),
  }
}
