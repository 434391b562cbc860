import type { Cookie } from '@azure/functions'
import type { Fault } from '../errors.ts'

/** Where the problem types are explained: a type URI is this base, then the kind. Stable: clients compare it. */
export const PROBLEM_BASE = 'https://slipway.dev/problems/'

/** The kinds of problem that a door can answer, with the title that every occurrence of a kind shares. */
export const PROBLEM_TITLES = {
  'bad-request': 'The request cannot be understood',
  'malformed-body': 'The body cannot be read',
  'secret-in-url': 'A secret was sent in the URL',
  unauthenticated: 'Nobody knows who is asking',
  forbidden: 'This caller may not do this',
  'not-found': 'There is no such thing',
  'method-not-allowed': 'The method is not allowed here',
  conflict: 'The state of things does not allow this',
  'precondition-failed': 'It changed since you looked',
  'body-too-large': 'The body is too large',
  'unsupported-media-type': 'The media type is not supported',
  invalid: 'The content is not valid',
  'precondition-required': 'Say what you decide on',
  'id-reused': 'The id was used for something else',
  'too-many-requests': 'Too many requests',
  'internal-error': 'Slipway made a mistake',
  'bad-answer': 'A service behind Slipway gave an unreadable answer',
  unavailable: 'Slipway cannot decide right now',
} as const

export type ProblemKind = keyof typeof PROBLEM_TITLES

/** One thing that is wrong with the content. `path` is dotted (`strategy.steps.0`); '' means the whole. `line` and `column` start at 1. */
export interface ContentError {
  readonly path: string
  readonly message: string
  readonly line?: number
  readonly column?: number
}

/** A refusal, as a handler says it; the door adds type, title, instance and request id. */
export interface Problem {
  readonly problem: ProblemKind
  readonly status: number
  /** For a person: what, which one, what to do. Never a secret. */
  readonly detail: string
  readonly errors?: readonly ContentError[]
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: readonly Cookie[]
}

/** Builds a refusal, to be returned from a handler or thrown inside a Refusal. */
export function problem(
  status: number,
  kind: ProblemKind,
  detail: string,
  extra: Pick<Problem, 'errors' | 'headers' | 'cookies'> = {},
): Problem {
  return { problem: kind, status, detail, ...extra }
}

/** A refusal on its way up from below a handler; the door answers its problem. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly problem: Problem

  constructor(refused: Problem, options?: { cause?: unknown }) {
    super(refused.detail, options)
    this.problem = refused
  }
}

const DEFAULT_RETRY_SECONDS = 10
const MAX_RETRY_SECONDS = 3600

/** "Ask again": 503 with Retry-After in whole seconds (1–3600; 10 where no wait is known). */
export function askAgain(detail: string, retryAfterMs: number | null): Problem {
  const seconds = retryAfterMs === null ? DEFAULT_RETRY_SECONDS : Math.ceil(retryAfterMs / 1000)
  const bounded = Math.min(Math.max(seconds, 1), MAX_RETRY_SECONDS)
  return problem(503, 'unavailable', detail, { headers: { 'retry-after': String(bounded) } })
}

/**
 * What a Fault means to the caller: not-found 404, conflict 409, malformed 502, and 503 with Retry-After for
 * unavailable, throttled and denied (a missing role is ours to mend, and says nothing about the caller).
 */
export function problemOfFault(fault: Fault): Problem {
  switch (fault.kind) {
    case 'not-found':
      return problem(404, 'not-found', fault.message)
    case 'conflict':
      return problem(409, 'conflict', fault.message)
    case 'malformed':
      return problem(502, 'bad-answer', fault.message)
    case 'unavailable':
    case 'throttled':
    case 'denied':
      return askAgain(fault.message, fault.retryAfterMs)
  }
}

/** The RFC 9457 members of a problem, ready for JSON. `instance` is the path that was asked for, without its query. */
export function problemDocument(refused: Problem, instance: string, requestId: string) {
  return {
    type: PROBLEM_BASE + refused.problem,
    title: PROBLEM_TITLES[refused.problem],
    status: refused.status,
    detail: refused.detail,
    instance,
    requestId,
    ...(refused.errors === undefined ? {} : { errors: refused.errors }),
  }
}
