import type { LogLevel } from './log.ts'

/** A value between host and library. Exactly one member is set. */
export interface TypedData {
  readonly string?: string
  readonly json?: string
  readonly bytes?: Uint8Array
  readonly http?: HttpData
}

/** A request towards the library, or an answer from it (then with `statusCode` and `cookies`). */
export interface HttpData {
  readonly method?: string
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly params?: Readonly<Record<string, string>>
  readonly body?: TypedData
  readonly statusCode?: string
  readonly cookies?: readonly HttpCookie[]
}

/** A cookie as the library hands it over; members may be wrapped as `{value}`. */
export interface HttpCookie {
  readonly name: string
  readonly value: string
  readonly domain?: { readonly value: string }
  readonly path?: { readonly value: string }
  readonly expires?: { readonly value: { readonly seconds: number } }
  readonly secure?: { readonly value: boolean }
  readonly httpOnly?: { readonly value: boolean }
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone'
  readonly maxAge?: { readonly value: number }
}

/** One binding of a function as the library registers it. */
export interface Binding {
  readonly name: string
  readonly type: string
  readonly direction: 'in' | 'out'
  readonly authLevel?: string
  readonly methods?: readonly string[]
  readonly route?: string
  readonly schedule?: string
  readonly runOnStartup?: boolean
  readonly useMonitor?: boolean
  readonly queueName?: string
  readonly connection?: string
}

export interface FunctionMetadata {
  readonly name: string
  readonly bindings: Readonly<Record<string, Binding>>
  readonly retryOptions?: unknown
}

export type FunctionCallback = (...inputs: unknown[]) => unknown
export type HookCallback = (context: object) => unknown
export type HookName = 'appStart' | 'appTerminate' | 'preInvocation' | 'postInvocation' | 'log'

/** What the library is told about one invocation. */
export interface CoreInvocationContext {
  readonly invocationId: string
  readonly metadata: FunctionMetadata
  readonly request: InvocationRequest
  state: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined
  log(level: LogLevel, category: 'user' | 'system', message: string): void
}

export interface InvocationRequest {
  readonly invocationId: string
  readonly functionId: string
  readonly inputData: readonly { readonly name: string; readonly data: TypedData }[]
  readonly triggerMetadata?: Readonly<Record<string, TypedData>>
  readonly traceContext?: { readonly traceParent: string; readonly traceState: string; readonly attributes: object }
}

export interface InvocationResponse {
  readonly outputData: readonly { readonly name: string; readonly data: TypedData }[]
  readonly returnValue?: TypedData | null
}

/** The library's half of one invocation. */
export interface InvocationModel {
  getArguments(): Promise<{ context: object; inputs: unknown[] }>
  invokeFunction(context: object, inputs: unknown[], callback: FunctionCallback): Promise<unknown>
  getResponse(context: object, result: unknown): Promise<InvocationResponse>
}

/** What the library sets at its first `app.*` call. */
export interface ProgrammingModel {
  readonly name: string
  readonly version: string
  getInvocationModel(context: CoreInvocationContext): InvocationModel | Promise<InvocationModel>
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>
}
