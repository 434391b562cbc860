/** Where the reader is: a view, its parts, and how it is looked at. All of it stands after the `#`. */
export type Route =
  | { readonly view: 'fleet'; readonly query: URLSearchParams }
  | { readonly view: 'approvals' | 'freezes' | 'audit' | 'delivery' | 'quarantine'; readonly query: URLSearchParams }
  | {
      readonly view: 'service'
      readonly environment: string
      readonly service: string
      readonly number: number | null
      readonly query: URLSearchParams
    }
  | { readonly view: 'unknown'; readonly path: string; readonly query: URLSearchParams }

/** A view has one part, a service two or three: an environment may be called as a view is. */
const VIEWS = ['approvals', 'freezes', 'audit', 'delivery', 'quarantine'] as const

const NAME = /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/

/** Reads what stands after the `#`: `/production/pricing/7?tab=audit`. Never throws. */
export function readRoute(hash: string): Route {
  const [path = '', ...rest] = hash.replace(/^#/, '').split('?')
  const query = new URLSearchParams(rest.join('?'))
  const parts = path.split('/').filter((part) => part !== '')
  const [first, second, third] = parts
  if (first === undefined) return { view: 'fleet', query }
  const view = VIEWS.find((name) => first === name)
  if (view !== undefined && second === undefined) return { view, query }
  const isNumber = third === undefined || /^[1-9]\d{0,8}$/.test(third)
  if (second === undefined || parts.length > 3 || !isNumber || ![first, second].every((name) => NAME.test(name)))
    return { view: 'unknown', path, query }
  return {
    view: 'service',
    environment: first,
    service: second,
    number: third === undefined ? null : Number(third),
    query,
  }
}

/** The link to a view, with what is asked of it; empty values are left out. */
export function linkTo(path: string, query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''))
  return `#${path}${search.size === 0 ? '' : `?${search}`}`
}

/** The link to a service, or to one of its rollouts. */
export function serviceLink(environment: string, service: string, number: number | null = null): string {
  return `#/${environment}/${service}${number === null ? '' : `/${number}`}`
}

/** The number of a rollout id (`pricing-7` → 7); null where it has none. */
export function numberOf(rollout: string | null): number | null {
  const found = /-(\d+)$/.exec(rollout ?? '')
  return found === null ? null : Number(found[1])
}

/** A link that may be followed: http and https only, as the browser reads it; everything else is null and shown as text. */
export function safeLink(text: string): string | null {
  const parsed = URL.canParse(text) ? new URL(text) : null
  return parsed?.protocol === 'https:' || parsed?.protocol === 'http:' ? parsed.href : null
}
