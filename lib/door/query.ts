import { didYouMean } from '../schema/did-you-mean.ts'
import { problem, Refusal } from './problem.ts'

/** The version of the API that this is; the only one there is. */
export const API_VERSION = '1'

/** Throws Refusal 400 where a query holds a parameter that the operation does not know, or one twice. */
export function checkParameters(query: URLSearchParams, known: readonly string[]): void {
  const names = [...new Set(query.keys())]
  const all = [...known, 'api-version']
  const odd = names.find((name) => !all.includes(name))
  if (odd !== undefined) {
    const there = known.length === 0 ? 'It knows none.' : `It knows ${known.join(', ')}.`
    throw refused(`This operation knows no parameter ${JSON.stringify(odd)}.${didYouMean(odd, all)} ${there}`)
  }
  const twice = names.find((name) => query.getAll(name).length > 1)
  if (twice !== undefined) throw refused(`${twice} stands more than once; give it once.`)
}

/** Throws Refusal 400 where a caller asks for another version of the API, in the query or in the header `api-version`. */
export function checkVersion(query: URLSearchParams, headers: Headers): void {
  const asked = [query.get('api-version'), headers.get('api-version')].find(
    (each) => each !== null && each !== API_VERSION,
  )
  if (asked === undefined) return
  throw refused(
    `There is no version ${JSON.stringify(asked)} of the API here. Ask for api-version ${API_VERSION}, or leave it out.`,
  )
}

function refused(detail: string): Refusal {
  return new Refusal(problem(400, 'bad-request', detail))
}
