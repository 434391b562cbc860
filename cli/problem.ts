import type { ProblemView } from '../lib/api.ts'
import { quotable } from '../lib/schema/issue.ts'
import { EXIT, Refusal } from './exit.ts'

/** An answer of the API; what is no JSON is text. */
export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** A refusal that Slipway itself answered. */
export class ApiRefusal extends Refusal {
  override readonly name = 'ApiRefusal'
  readonly status: number
  /** The problem document; null where the answer was none. */
  readonly problem: ProblemView | null

  constructor(status: number, lines: readonly string[], problem: ProblemView | null) {
    super(EXIT.error, lines)
    this.status = status
    this.problem = problem
  }
}

/** An answer of 400 and above as words: what is wrong, where in what was sent, and by which id the service's log knows it. */
export function problemOf({ status, headers, body }: Answered, api: string): ApiRefusal {
  const problem = isProblem(body) ? body : null
  if (problem === null) {
    const hint = status === 404 ? '; is this Slipway, and of this version?' : ''
    return new ApiRefusal(status, [`${new URL(api).origin} answered ${status} without saying why${hint}`], null)
  }
  const cure = CURES[status] === undefined ? [] : [CURES[status]]
  const id = problem.requestId ?? headers.get('x-request-id')
  const lines = [
    quotable(problem.detail, 2000),
    ...(Array.isArray(problem.errors) ? problem.errors : []).map(errorLine),
    ...cure,
    `(${status} ${kindOf(problem)}${id ? `, request ${quotable(String(id), 60)}` : ''})`,
  ]
  return new ApiRefusal(status, lines, problem)
}

const CURES: Readonly<Record<number, string | undefined>> = {
  401: 'Check the token: slipway help environment tells where it comes from.',
  403: 'slipway whoami tells which roles you have.',
}

function isProblem(body: unknown): body is ProblemView {
  return typeof body === 'object' && body !== null && 'detail' in body && typeof body.detail === 'string'
}

function kindOf({ type, title }: ProblemView): string {
  return quotable(
    String(type ?? '')
      .split('/')
      .at(-1) || String(title ?? ''),
    60,
  )
}

/** Whatever answers there may be no Slipway, or one of another version: every part may be missing. */
function errorLine(error: unknown): string {
  const { path = '', message = '', line } = Object(error) as Partial<NonNullable<ProblemView['errors']>[number]>
  const place = [line === undefined ? '' : `line ${line}`, path].filter((part) => part !== '').join(' ')
  return `- ${quotable(place === '' ? String(message) : `${place}: ${message}`, 500)}`
}
