import { PROBLEM_BASE, PROBLEM_TITLES, type ProblemKind } from '../../door/problem.ts'
import type { Operation } from './operation.ts'

/** The status that a kind of problem has wherever nothing else is said. */
export const PROBLEM_STATUS: Readonly<Record<ProblemKind, number>> = {
  'bad-request': 400,
  'malformed-body': 400,
  'secret-in-url': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'precondition-failed': 412,
  'body-too-large': 413,
  'unsupported-media-type': 415,
  invalid: 422,
  'id-reused': 422,
  'precondition-required': 428,
  'too-many-requests': 429,
  'internal-error': 500,
  'bad-answer': 502,
  unavailable: 503,
}

const ALWAYS: readonly ProblemKind[] = ['bad-request', 'secret-in-url', 'internal-error', 'unavailable']
const OF_OPERATORS: readonly ProblemKind[] = ['unauthenticated', 'forbidden', 'too-many-requests', 'bad-answer']
const OF_BODIES: readonly ProblemKind[] = ['malformed-body', 'body-too-large', 'unsupported-media-type']

/** The kinds of problems that an operation may answer, by status. */
export function problemsOf(
  { problems, body, statuses = {} }: Operation,
  isOperators: boolean,
): ReadonlyMap<number, readonly ProblemKind[]> {
  const kinds = [...ALWAYS, ...(isOperators ? OF_OPERATORS : []), ...(body === null ? [] : OF_BODIES), ...problems]
  const all = (Object.keys(PROBLEM_STATUS) as ProblemKind[]).filter((kind) => kinds.includes(kind))
  return new Map([...Map.groupBy(all, (kind) => statuses[kind] ?? PROBLEM_STATUS[kind])].sort(([a], [b]) => a - b))
}

/** The answer of one status that is a problem: which kinds, with an example of each. */
export function problemAnswer(status: number, kinds: readonly ProblemKind[]) {
  const narrowed = { status: { const: status }, type: { enum: kinds.map((kind) => PROBLEM_BASE + kind) } }
  return {
    description: kinds.map((kind) => `${PROBLEM_TITLES[kind]} ([${kind}](/api/problems/${kind})).`).join(' '),
    headers: headersOf(status),
    content: {
      'application/problem+json': {
        schema: { allOf: [{ $ref: '#/components/schemas/Problem' }], properties: narrowed },
        examples: Object.fromEntries(kinds.map((kind) => [kind, { value: exampleOf(status, kind) }])),
      },
    },
  }
}

function exampleOf(status: number, kind: ProblemKind) {
  return {
    type: PROBLEM_BASE + kind,
    title: PROBLEM_TITLES[kind],
    status,
    detail: 'What, which one, and what to do.',
    instance: '/api/v1/services/pricing/status',
    requestId: '4ce1b5ae-c373-46f7-82b4-ec16423539af',
  }
}

function headersOf(status: number): Readonly<Record<string, unknown>> {
  const header = (name: string) => ({ $ref: `#/components/headers/${name}` })
  return {
    'x-request-id': header('RequestId'),
    ...(status === 401 ? { 'www-authenticate': header('Authenticate') } : {}),
    ...(status === 429 || status === 503 ? { 'retry-after': header('RetryAfter') } : {}),
  }
}
