import type { Clock, Notifier, Secrets } from '../../ports.ts'
import { createOutbound, type OutboundOptions } from './outbound.ts'
import { createPagerDuty, PAGERDUTY_URL } from './pagerduty.ts'
import { createSlack, SLACK_URL } from './slack.ts'
import { createTeams } from './teams.ts'
import { createWebhook } from './webhook.ts'

/** One place to be told. `secret` is Key Vault's name of what lets Slipway in. */
export type Place =
  | { readonly kind: 'slack'; readonly secret: string; readonly channel: string; readonly url: string | null }
  | { readonly kind: 'pagerduty'; readonly secret: string; readonly url: string | null }
  | { readonly kind: 'teams'; readonly secret: string; readonly host: string }
  | { readonly kind: 'webhook'; readonly secret: string; readonly url: string }

/** What telling all places is made of. */
export interface NotifierParts extends Omit<OutboundOptions, 'hosts'> {
  readonly secrets: Secrets
  readonly clock: Clock
  /** A URI or path that names this installation. */
  readonly source: string
}

/** The plug for one place; it calls that place's host and no other. */
export function createNotifier(place: Place, { secrets, clock, source, ...way }: NotifierParts): Notifier {
  const send = createOutbound({ ...way, hosts: [hostOf(place)] })
  const { secret } = place
  switch (place.kind) {
    case 'slack':
      return createSlack({ send, secrets, secret, channel: place.channel, ...given(place.url) })
    case 'pagerduty':
      return createPagerDuty({ send, secrets, secret, ...given(place.url) })
    case 'teams':
      return createTeams({ send, secrets, secret, host: place.host })
    case 'webhook':
      return createWebhook({ send, secrets, clock, source, secret, url: place.url })
  }
}

function hostOf(place: Place): string {
  switch (place.kind) {
    case 'slack':
      return new URL(place.url ?? SLACK_URL).host
    case 'pagerduty':
      return new URL(place.url ?? PAGERDUTY_URL).host
    case 'teams':
      return place.host
    case 'webhook':
      return new URL(place.url).host
  }
}

function given(url: string | null): { readonly url?: string } {
  return url === null ? {} : { url }
}
