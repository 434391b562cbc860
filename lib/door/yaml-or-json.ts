import { JSON_TYPES, YAML_TYPES } from './body.ts'
import { problem, Refusal } from './problem.ts'

/**
 * How an answer is wanted that there is in both. `?format=` decides where it is given; else YAML where `Accept` names it and
 * names JSON no dearer; else JSON. Throws Refusal 400 where the format is another.
 */
export function yamlOrJson(query: URLSearchParams, accept: string | null): 'yaml' | 'json' {
  const format = query.get('format')
  if (format === 'yaml' || format === 'json') return format
  if (format !== null) {
    throw new Refusal(problem(400, 'bad-request', `format is ${JSON.stringify(format)}; give json or yaml.`))
  }
  const wanted = (accept ?? '').split(',').map(weighed)
  const weightOf = (types: readonly string[]) =>
    Math.max(0, ...wanted.filter(({ type }) => types.includes(type)).map(({ weight }) => weight))
  const yaml = weightOf(YAML_TYPES)
  return yaml > 0 && yaml >= weightOf(JSON_TYPES) ? 'yaml' : 'json'
}

/** One media type of an `Accept` with its weight from 0 to 1; 1 where it says none (RFC 9110, 12.4.2). */
function weighed(part: string): { readonly type: string; readonly weight: number } {
  const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
  const weight = parameters.map((text) => /^q=([01](?:\.\d{0,3})?)$/.exec(text)?.[1]).find((text) => text !== undefined)
  return { type, weight: Number(weight ?? 1) }
}
