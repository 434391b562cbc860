import type { RolloutView, ServiceView } from '../lib/api.ts'
import { didYouMean } from '../lib/schema/did-you-mean.ts'
import { quotable } from '../lib/schema/issue.ts'
import { EXIT, Refusal } from './exit.ts'
import { type Api, isAnswer } from './http.ts'

/** What a person named: a service, or one of its rollouts (`pricing-7`). */
export interface Target {
  readonly service: string
  /** The rollout that was named; null = whichever is the newest. */
  readonly rollout: { readonly id: string; readonly number: number } | null
  /** The service as it stands. */
  readonly view: ServiceView
  /** The ETag header of that answer, for asking whether it changed. */
  readonly etag: string | null
}

/** The path of a service, or of what lies below it. */
export function servicePath(service: string, below = ''): string {
  return `/v1/services/${encodeURIComponent(service)}${below}`
}

/** Finds what was named: a service of that name first, else the rollout of one. Throws Refusal with the nearest name. */
export async function findTarget(api: Api, name: string, environment: string | undefined): Promise<Target> {
  const asked = await statusOf(api, name, environment)
  if (asked !== null) return { ...asked, service: name, rollout: null }
  const [, service = '', number = ''] = /^(.+)-(\d{1,9})$/.exec(name) ?? []
  const owner = service === '' ? null : await statusOf(api, service, environment)
  if (owner !== null) return { ...owner, service, rollout: { id: name, number: Number(number) } }
  throw await unknownService(api, name, environment)
}

async function statusOf(
  api: Api,
  service: string,
  environment: string | undefined,
): Promise<Pick<Target, 'view' | 'etag'> | null> {
  try {
    const { body, headers } = await api.ask({ path: servicePath(service, '/status'), query: { environment } })
    return { view: body as ServiceView, etag: headers.get('etag') }
  } catch (error) {
    if (isAnswer(error, 404)) return null
    throw error
  }
}

/** One rollout of a service. Throws Refusal where it has none of that number. */
export async function rolloutOf(api: Api, { service, rollout, view }: Target): Promise<RolloutView> {
  const number = rollout?.number ?? Number(/-(\d+)$/.exec(view.rollout ?? '')?.[1])
  try {
    return await api.get<RolloutView>(servicePath(service, `/rollouts/${number}`), { environment: view.environment })
  } catch (error) {
    if (!isAnswer(error, 404)) throw error
    throw new Refusal(EXIT.error, `${service} has no rollout ${number}; slipway rollouts ${service} lists them`, {
      cause: error,
    })
  }
}

/** That a service is not known, with the nearest name and where to look. */
export async function unknownService(api: Api, name: string, environment: string | undefined): Promise<Refusal> {
  const { items } = await api.get<{ items: readonly ServiceView[] }>('/v1/services', { environment })
  const names = [...new Set(items.map(({ service }) => service))]
  const where = environment === undefined ? '' : ` in ${environment}`
  const near = didYouMean(name, names)
  const list = names.length === 0 ? ' You may see none.' : names.length > 8 ? '' : ` There are: ${names.join(', ')}.`
  return new Refusal(
    EXIT.error,
    `there is no service ${quotable(name, 60)}${where}, or you may not see it.${near === '' ? list : near} slipway services lists them.`,
  )
}

/** The environment that is meant: the one that was named, the service's, or the only one. Throws Refusal with all of them. */
export async function environmentOf(api: Api, named: string | undefined, service?: string): Promise<string> {
  if (named !== undefined) return named
  const { items } = await api.get<{ items: readonly ServiceView[] }>('/v1/services')
  const meant = service === undefined ? items : items.filter((item) => item.service === service)
  if (service !== undefined && meant.length === 0) throw await unknownService(api, service, undefined)
  const environments = [...new Set(meant.map(({ environment }) => environment))]
  const [only, another] = environments
  if (only !== undefined && another === undefined) return only
  const there = environments.length === 0 ? '' : `; there are ${environments.join(', ')}`
  throw new Refusal(EXIT.usage, `say which environment with --environment (-e)${there}`)
}
