import { type Notice, shortened, threadOf } from '../../core/notice.ts'
import { Fault } from '../../errors.ts'
import type { Notifier, Secrets } from '../../ports.ts'
import { faultOfAnswer } from './answers.ts'
import type { Outbound } from './outbound.ts'
import { factsOf } from './said.ts'

/** What telling PagerDuty is made of. */
export interface PagerDutyOptions {
  readonly send: Outbound
  readonly secrets: Secrets
  /** Key Vault's name of the integration's routing key (Events API v2). */
  readonly secret: string
  /** PagerDuty's own address unless told otherwise; `https://events.eu.pagerduty.com/v2/enqueue` in the EU. */
  readonly url?: string
}

/** Where events are sent. */
export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue'

/**
 * Sends events to PagerDuty (Events API v2): one alert per rollout, opened by what wants somebody and closed as soon as
 * nothing about the rollout does. Sending an event twice does no harm. Throws Fault.
 */
export function createPagerDuty({ send, secrets, secret, url = PAGERDUTY_URL }: PagerDutyOptions): Notifier {
  return {
    hasThreads: false,
    tell: async (notice) => {
      const [key = ''] = await secrets.read(secret)
      const body = JSON.stringify({ routing_key: key.trim(), ...eventOf(notice) })
      const answer = await send(new URL(url), { 'content-type': 'application/json' }, body)
      if (answer.status === 202) return null
      // A wrong key is refused as a wrong event would be, but every other notice would be refused as well.
      if (answer.status === 400 && /routing.?key/i.test(answer.text))
        throw new Fault('denied', `PagerDuty does not know the routing key in secret ${secret}`)
      throw faultOfAnswer('PagerDuty', answer)
    },
  }
}

/** PagerDuty's limits: 1 024 characters of summary, 255 of the key. */
const LONGEST_SUMMARY = 1_024

function eventOf(notice: Notice): Readonly<Record<string, unknown>> {
  const { environment, service, kind, severity, title, sentence, link, at, closes } = notice
  const dedup_key = `slipway/${environment}/${threadOf(notice)}`
  if (closes) return { event_action: 'resolve', dedup_key }
  const payload = {
    summary: shortened(title, LONGEST_SUMMARY),
    source: service === null ? environment : `${environment}/${service}`,
    severity: severity === 'resolved' ? 'info' : severity,
    timestamp: new Date(at).toISOString(),
    component: service ?? environment,
    group: environment,
    class: kind,
    custom_details: { sentence, ...Object.fromEntries(factsOf(notice)) },
  }
  const links = link === null ? {} : { client_url: link, links: [{ href: link, text: 'Open in Slipway' }] }
  return { event_action: 'trigger', dedup_key, client: 'Slipway', ...links, payload }
}
