import * as z from 'zod'
import type { NoticeFilter } from '../core/notice-filter.ts'
import { NAME } from './grammar.ts'
import type { SettingsReader } from './settings-reader.ts'

/** One place that is told, and of what. `secret` is Key Vault's name of what lets Slipway in; `url` null = the vendor's own. */
export type SinkSettings = NoticeFilter &
  (
    | { readonly kind: 'slack'; readonly secret: string; readonly channel: string; readonly url: string | null }
    | { readonly kind: 'pagerduty'; readonly secret: string; readonly url: string | null }
    | { readonly kind: 'teams'; readonly secret: string; readonly host: string }
    | { readonly kind: 'webhook'; readonly secret: string; readonly url: string }
  )

/** Who is told. */
export interface NotifySettings {
  /** By name. */
  readonly sinks: Readonly<Record<string, SinkSettings>>
  /** Whether this machine's own loopback may be called, for the local stack. */
  readonly loopback: boolean
}

/** The names of the settings about notifications. */
export const NOTIFY_SETTING_NAMES = ['SLIPWAY_NOTIFY', 'SLIPWAY_NOTIFY_LOOPBACK'] as const

const MOST_SINKS = 20
const EMPTY = { error: 'is empty and would let nothing through; leave it out where all are meant' }

const secret = z
  .string({ error: 'must be the name of a Key Vault secret' })
  .regex(/^[0-9a-zA-Z-]{1,127}$/, { error: 'must be the name of a Key Vault secret (letters, digits, dashes)' })

/** Users, passwords and fragments have no place in it; what is secret about an address belongs into Key Vault. */
const address = z
  .string({ error: 'must be a URL' })
  .max(1000, { error: 'is too long' })
  .transform((text, context) => {
    const url = URL.parse(text)
    const isPlain = url !== null && url.username === '' && url.password === '' && url.hash === ''
    if (isPlain && (url.protocol === 'https:' || url.protocol === 'http:')) return url.href
    context.addIssue({ code: 'custom', message: 'must be a URL with https://, without user and fragment' })
    return z.NEVER
  })

const host = z.string({ error: 'must be the host of the URL' }).transform((text, context) => {
  const url = URL.parse(`https://${text}`)
  if (url !== null && url.host === text && text !== '') return text
  context.addIssue({ code: 'custom', message: 'must be a host as it stands in the URL, e.g. `prod-1.logic.azure.com`' })
  return z.NEVER
})

const filter = {
  environments: z
    .array(z.string().regex(NAME, { error: 'is no environment name' }))
    .min(1, EMPTY)
    .optional(),
  services: z
    .array(
      z.string().regex(/^(?=.)(?:[a-z][a-z0-9-]{0,31})?\*?$/, {
        error: 'must be the name of a service, or the beginning of one followed by `*`',
      }),
    )
    .min(1, EMPTY)
    .optional(),
  atLeast: z.enum(['info', 'warning', 'critical'], { error: 'must be `info`, `warning` or `critical`' }).optional(),
}

const sinkSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('slack'),
      channel: z
        .string({ error: 'must be the id of a channel' })
        .regex(/^[A-Z][A-Z0-9]{1,29}$/, { error: 'must be the id of a channel, e.g. `C0123456789`' }),
      secret,
      url: address.optional(),
      ...filter,
    }),
    z.strictObject({ kind: z.literal('pagerduty'), secret, url: address.optional(), ...filter }),
    z.strictObject({ kind: z.literal('teams'), secret, host, ...filter }),
    z.strictObject({ kind: z.literal('webhook'), secret, url: address, ...filter }),
  ],
  { error: 'must be `slack`, `teams`, `pagerduty` or `webhook`' },
)

const sinksSchema = z.record(z.string(), sinkSchema).superRefine((sinks, context) => {
  const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
  for (const name of Object.keys(sinks))
    if (!NAME.test(name)) wrong([name], 'is no name; it has 2–32 of a–z, 0–9 and dashes, a letter first')
  if (Object.keys(sinks).length > MOST_SINKS) wrong([], `has more than ${MOST_SINKS} places`)
})

/** Reads the settings about notifications; what is wrong goes to the reader's issues. */
export function readNotify(from: SettingsReader): NotifySettings {
  const loopback =
    from.text('SLIPWAY_NOTIFY_LOOPBACK', 'false', /^(?:true|false)$/, 'must be `true` or `false`') === 'true'
  const schema = sinksSchema.superRefine((sinks, context) => {
    for (const [name, sink] of Object.entries(sinks)) {
      if (!('url' in sink) || sink.url === undefined || sink.url.startsWith('https:') || loopback) continue
      context.addIssue({ code: 'custom', path: [name, 'url'], message: 'must begin with https://' })
    }
  })
  const read = from.optionalJson(
    'SLIPWAY_NOTIFY',
    schema,
    '{"ops": {"kind": "slack", "channel": "C0123456789", "secret": "notify-slack"}}',
  )
  const sinks = Object.entries(read ?? {}).map(([name, sink]) => [name, filled(sink)] as const)
  return { sinks: Object.fromEntries(sinks), loopback }
}

function filled(sink: z.output<typeof sinkSchema>): SinkSettings {
  const isPager = sink.kind === 'pagerduty'
  const { environments = null, services = null, atLeast = isPager ? 'critical' : 'info' } = sink
  const wants: NoticeFilter = { environments, services, atLeast, closing: isPager }
  switch (sink.kind) {
    case 'slack':
      return { kind: 'slack', secret: sink.secret, channel: sink.channel, url: sink.url ?? null, ...wants }
    case 'pagerduty':
      return { kind: 'pagerduty', secret: sink.secret, url: sink.url ?? null, ...wants }
    case 'teams':
      return { kind: 'teams', secret: sink.secret, host: sink.host, ...wants }
    case 'webhook':
      return { kind: 'webhook', secret: sink.secret, url: sink.url, ...wants }
  }
}
