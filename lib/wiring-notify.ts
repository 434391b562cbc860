import { passes } from './core/notice-filter.ts'
import { type Names, pseudonymsIn, withNames } from './core/people.ts'
import type { Postman, Sink } from './engine/notify.ts'
import type { Clock, Notifier, Outbox, Secrets } from './ports.ts'
import type { NotifySettings, SinkSettings } from './schema/settings-notify.ts'

/** What telling is made of. */
export interface NotifyParts {
  readonly settings: NotifySettings
  readonly publicUrl: string | null
  readonly outbox: Outbox
  readonly secrets: Secrets
  readonly clock: Clock
  /** What people behind pseudonyms are called: notices are stored without names, and told with them. */
  readonly namesOf: (pseudonyms: ReadonlySet<string>) => Promise<Names>
}

/** Who tells whom; the plugs are loaded with the first notice that is told. */
export function postmanOf({ settings, publicUrl, outbox, secrets, clock, namesOf }: NotifyParts): Postman {
  const plugs = async (place: SinkSettings): Promise<Notifier> => {
    const { createNotifier } = await import('./adapters/notify/index.ts')
    return createNotifier(place, { secrets, clock, loopback: settings.loopback, source: publicUrl ?? '/slipway' })
  }
  const sinks = Object.entries(settings.sinks).map(([name, place]): Sink => {
    return { name, wants: (notice) => passes(place, notice), notifier: lazily(place, plugs, namesOf) }
  })
  return { clock, outbox, sinks, chance: Math.random }
}

function lazily(
  place: SinkSettings,
  plug: (place: SinkSettings) => Promise<Notifier>,
  namesOf: NotifyParts['namesOf'],
): Notifier {
  let made: Promise<Notifier> | null = null
  return {
    hasThreads: place.kind === 'slack',
    tell: async (notice, thread) => {
      made ??= plug(place)
      return (await made).tell(withNames(notice, await namesOf(pseudonymsIn(notice))), thread)
    },
  }
}
