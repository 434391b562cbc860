import { type Caller, mayDo } from '../core/caller.ts'
import { NAME } from '../schema/grammar.ts'
import { type ContentError, type Problem, problem, Refusal } from './problem.ts'

/** Why a name does not mean one service: nobody has it, or several environments do. */
export type NotOne =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ambiguous'; readonly environments: readonly string[] }

/** The environments that a request is about: the one in `?environment=`, or all of them. */
export function environmentsMeant(query: URLSearchParams, all: readonly string[]): readonly string[] {
  const named = query.get('environment')
  if (named !== null && !NAME.test(named)) {
    const detail = `environment is ${JSON.stringify(named)}, which is no name of one: 2–32 of a–z, 0–9 and dashes.`
    throw new Refusal(problem(400, 'bad-request', detail))
  }
  return named === null ? all : all.filter((environment) => environment === named)
}

/** Says that there is no such environment; the others are named to those who may see all of them. */
export function noSuchEnvironment(name: string, all: readonly string[], caller: Caller): Problem {
  const seen = all.filter((environment) => mayDo(caller, 'see', { environment, name: null }))
  const there = seen.length === 0 ? '' : ` There are: ${seen.join(', ')}.`
  return problem(404, 'not-found', `There is no environment ${JSON.stringify(name)} here.${there}`)
}

/** Says that a name does not mean one service, and what to do about it. */
export function notOneService(name: string, found: NotOne): Problem {
  if (found.kind === 'unknown') {
    return problem(
      404,
      'not-found',
      `There is no service ${JSON.stringify(name)} here. GET /api/v1/services lists them.`,
    )
  }
  const first = found.environments[0] ?? ''
  const detail = `Service ${name} exists in ${found.environments.join(' and ')}. Say which one, e.g. ?environment=${first}.`
  return problem(409, 'conflict', detail)
}

/** Says that a service has no rollout of that number. */
export function noSuchRollout(name: string, number: string): Problem {
  const detail = `${name} has no rollout ${JSON.stringify(number)}. GET /api/v1/services/${name}/rollouts lists them.`
  return problem(404, 'not-found', detail)
}

/** Content that is not valid: 422 with every issue. */
export function invalid(detail: string, issues: readonly ContentError[]): Problem {
  const errors = issues.map(({ path, message, line, column }) => {
    return { path, message, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) }
  })
  return problem(422, 'invalid', detail, { errors })
}

/** The ETag of a manifest's version. */
export function etagOf(version: number): string {
  return `"v${version}"`
}
