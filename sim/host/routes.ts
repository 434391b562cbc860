/** One registered HTTP function as the router sees it. */
export interface Route {
  readonly functionName: string
  /** Without prefix: `v1/services/{name:alpha}/{action?}` or `{*rest}`. */
  readonly template: string
  readonly methods: readonly string[]
}

/** The function that a request goes to, with its decoded route parameters. */
export interface Match {
  readonly functionName: string
  readonly params: Readonly<Record<string, string>>
}

type Part =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string; readonly optional: boolean; readonly checks: readonly Check[] }
  | { readonly kind: 'rest'; readonly name: string; readonly checks: readonly Check[] }

type Check = (value: string) => boolean

interface Compiled {
  readonly route: Route
  readonly parts: readonly Part[]
  readonly rank: string
}

const CHECKS: Readonly<Record<string, (a: number, b: number) => Check>> = {
  alpha: () => (value) => /^[a-z]*$/i.test(value),
  int: () => (value) => /^[+-]?\d{1,10}$/.test(value) && Math.abs(Number(value)) <= 2 ** 31,
  long: () => (value) => /^[+-]?\d{1,19}$/.test(value),
  bool: () => (value) => /^(true|false)$/i.test(value),
  guid: () => (value) => /^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value),
  length: (a, b) => (value) => value.length >= a && value.length <= (Number.isNaN(b) ? a : b),
  minlength: (a) => (value) => value.length >= a,
  maxlength: (a) => (value) => value.length <= a,
  min: (a) => (value) => Number(value) >= a,
  max: (a) => (value) => Number(value) <= a,
  range: (a, b) => (value) => Number(value) >= a && Number(value) <= b,
}

/**
 * Makes a matcher of `METHOD` and path that prefers the most specific template: literal before constrained parameter,
 * before parameter, before rest. Letters' case and a trailing slash do not matter. No match, or one with another method,
 * is null: Azure makes the method part of the route, so that both are 404 there, never 405.
 */
export function createRouter(prefix: string, routes: readonly Route[]): (method: string, path: string) => Match | null {
  const compiled = routes.map((route) => compile(prefix, route)).sort((a, b) => (a.rank < b.rank ? -1 : 1))
  return (method, path) => {
    const segments = split(path)
    if (segments === null) return null
    for (const { route, parts } of compiled) {
      if (!route.methods.includes(method)) continue
      const params = walk(parts, segments)
      if (params !== null) return { functionName: route.functionName, params }
    }
    return null
  }
}

function compile(prefix: string, route: Route): Compiled {
  const text = `${prefix}/${route.template}`.replace(/^\/+|\/+$/g, '')
  const parts = text === '' ? [] : text.split('/').map((segment) => compilePart(route, segment))
  const early = parts.slice(0, -1).find((part) => part.kind === 'rest' || (part.kind === 'param' && part.optional))
  if (early !== undefined) throw new Error(`Route "${route.template}": only the last part may be optional or a rest.`)
  return { route, parts, rank: parts.map(rankOf).join('') }
}

function compilePart(route: Route, segment: string): Part {
  if (!/[{}]/.test(segment)) return { kind: 'literal', text: segment.toLowerCase() }
  const inner = /^\{(\*?)(\w+)((?::\w+(?:\(\d+(?:,\d+)?\))?)*)(\??)\}$/.exec(segment)
  if (inner === null) {
    throw new Error(`Route "${route.template}" of ${route.functionName}: this host cannot read "${segment}".`)
  }
  const [, star, name = '', constraints = '', question] = inner
  const checks = constraints
    .split(':')
    .filter(Boolean)
    .map((each) => compileCheck(route, each))
  if (star === '*') return { kind: 'rest', name, checks }
  return { kind: 'param', name, optional: question === '?', checks }
}

function compileCheck(route: Route, text: string): Check {
  const [, name = '', a, b] = /^(\w+)(?:\((\d+)(?:,(\d+))?\))?$/.exec(text) ?? []
  const make = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined
  if (make === undefined)
    throw new Error(`Route "${route.template}" of ${route.functionName}: unknown constraint "${text}".`)
  return make(Number(a), Number(b))
}

function rankOf(part: Part): string {
  if (part.kind === 'literal') return '1'
  if (part.kind === 'param') return part.checks.length > 0 ? '2' : '3'
  return part.checks.length > 0 ? '4' : '5'
}

/** The decoded segments of a path, or null when it has empty ones or cannot be decoded. */
function split(path: string): readonly string[] | null {
  const trimmed = path.replace(/^\//, '').replace(/\/$/, '')
  if (trimmed === '') return []
  try {
    const segments = trimmed.split('/').map(decodeURIComponent)
    return segments.includes('') ? null : segments
  } catch {
    return null
  }
}

function walk(parts: readonly Part[], segments: readonly string[]): Record<string, string> | null {
  const params: Record<string, string> = {}
  for (const [index, part] of parts.entries()) {
    const value = part.kind === 'rest' ? segments.slice(index).join('/') : segments[index]
    if (value === undefined) return part.kind === 'param' && part.optional ? params : null
    if (part.kind === 'literal') {
      if (value.toLowerCase() !== part.text) return null
      continue
    }
    if (!part.checks.every((check) => check(value))) return null
    params[part.name] = value
    if (part.kind === 'rest') return params
  }
  return segments.length > parts.length ? null : params
}
