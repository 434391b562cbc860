import type * as z from 'zod'
import type { PARAMETERS } from '../../door/parameters.ts'
import type { ProblemKind } from '../../door/problem.ts'
import type { RouteId } from '../../door/routes.ts'

/** A parameter of a path, query or header. Path parameters are always required. */
export interface Parameter {
  readonly schema: z.ZodType
  readonly description: string
  readonly required?: boolean
}

/** A body by media type: JSON by its schema, text by an example. */
export type Content = Readonly<Record<string, z.ZodType>>

/** What is answered with one status. */
export interface AnswerTold {
  readonly description: string
  /** Absent: without a body. */
  readonly content?: Content
  readonly headers?: Readonly<Record<string, Parameter>>
}

/** One operation, as its readers need it. */
export interface Operation {
  /** A few words, without a full stop. */
  readonly summary: string
  readonly description: string
  readonly tag: string
  readonly params: Readonly<Record<string, Parameter>>
  readonly query: Readonly<Record<string, Parameter>>
  readonly headers: Readonly<Record<string, Parameter>>
  readonly body: { readonly required: boolean; readonly content: Content } | null
  /** By status, of 2xx and 3xx, and of those 4xx and 5xx that are no problem documents. */
  readonly answers: Readonly<Record<number, AnswerTold>>
  /** Those of this operation's own, beside those that its kind of door always may answer. */
  readonly problems: readonly ProblemKind[]
  /** Where a kind of problem has another status here than usually. */
  readonly statuses?: Partial<Readonly<Record<ProblemKind, number>>>
}

/** The operation of a route: it tells exactly the query parameters that the door knows. */
export type OperationOf<Id extends RouteId> = Operation & {
  readonly query: Readonly<Record<(typeof PARAMETERS)[Id][number], Parameter>>
}
