import { createHmac, timingSafeEqual } from 'node:crypto'

/** Why a body is not of the form that the place documents; null = it is. */
export type Misfit = string | null

type Json = Readonly<Record<string, unknown>>

/** Slack's chat.postMessage: known arguments, block kit within its limits, a reply only to a first message. */
export function slackMisfit(body: Json, roots: ReadonlySet<string>): Misfit {
  const known = [
    'channel',
    'text',
    'blocks',
    'mrkdwn',
    'unfurl_links',
    'unfurl_media',
    'thread_ts',
    'reply_broadcast',
  ] as const
  if (Object.keys(body).some((name) => !(known as readonly string[]).includes(name))) return 'invalid_arguments'
  if (typeof body.text !== 'string' || body.text === '') return 'no_text'
  if (/<[!@#]/.test(body.text)) return 'a text that mentions somebody'
  if (body.thread_ts !== undefined && !roots.has(String(body.thread_ts))) return 'thread_not_found'
  if (body.thread_ts === undefined && body.reply_broadcast !== undefined) return 'invalid_arguments'
  const blocks = body.blocks
  if (!Array.isArray(blocks) || blocks.length > 50) return 'invalid_blocks'
  return blocks.every((block) => isBlock(block as Json)) ? null : 'invalid_blocks'
}

function isBlock({ type, ...block }: Json): boolean {
  switch (type) {
    case 'header':
      return isPlain(block.text, 150)
    case 'section':
      return isPlain(block.text, 3000)
    case 'context':
      return isList(block.elements, 10, (element) => isPlain(element, 3000))
    case 'actions':
      return isList(block.elements, 25, (element) => {
        const { type: kind, text, url } = element
        return (
          kind === 'button' && isPlain(text, 75) && typeof url === 'string' && URL.canParse(url) && url.length <= 3000
        )
      })
    default:
      return false
  }
}

function isPlain(value: unknown, most: number): boolean {
  const { type, text } = (value ?? {}) as Json
  return type === 'plain_text' && typeof text === 'string' && text.length >= 1 && text.length <= most
}

function isList(value: unknown, most: number, fits: (element: Json) => boolean): boolean {
  return Array.isArray(value) && value.length >= 1 && value.length <= most && value.every((one) => fits(one as Json))
}

/** A Teams workflow's message: one Adaptive Card of a version that Teams draws, with elements that this card may hold. */
export function teamsMisfit(body: Json, bytes: number): Misfit {
  if (bytes > 28 * 1024) return 'larger than 28 KB'
  const { type, attachments } = body
  const [attachment, ...more] = Array.isArray(attachments) ? (attachments as readonly Json[]) : []
  if (type !== 'message' || attachment === undefined || more.length > 0) return 'not one message with one attachment'
  if (attachment.contentType !== 'application/vnd.microsoft.card.adaptive') return 'no Adaptive Card'
  const card = attachment.content as Json
  if (card.type !== 'AdaptiveCard' || !['1.4', '1.5'].includes(String(card.version))) return 'no card of 1.4 or 1.5'
  if (!Array.isArray(card.body) || !card.body.every((one) => isElement(one as Json))) return 'an unknown element'
  const actions = (card.actions ?? []) as readonly Json[]
  const opens = actions.every(({ type: kind, url, title }) => {
    return kind === 'Action.OpenUrl' && typeof title === 'string' && typeof url === 'string' && URL.canParse(url)
  })
  return opens ? null : 'an action that opens nothing'
}

function isElement({ type, inlines, facts }: Json): boolean {
  if (type === 'RichTextBlock')
    return isList(inlines, 20, ({ type: kind, text }) => kind === 'TextRun' && typeof text === 'string')
  return type === 'FactSet' && isList(facts, 20, ({ title, value }) => `${title}` !== '' && typeof value === 'string')
}

/** PagerDuty's Events API v2. */
export function pagerDutyMisfit(body: Json): Misfit {
  const { routing_key, event_action, dedup_key, payload, client, client_url, links, ...others } = body
  if (Object.keys(others).length > 0) return `unknown: ${Object.keys(others).join(', ')}`
  if (typeof routing_key !== 'string' || routing_key.length !== 32)
    return "Length of 'routing_key' is incorrect (should be 32 characters)"
  if (typeof dedup_key !== 'string' || dedup_key === '' || dedup_key.length > 255) return "'dedup_key' is invalid"
  if (event_action === 'resolve' || event_action === 'acknowledge') return null
  if (event_action !== 'trigger') return "'event_action' is invalid"
  const { summary, source, severity, timestamp } = (payload ?? {}) as Json
  if (typeof summary !== 'string' || summary === '' || summary.length > 1024) return "'payload.summary' is invalid"
  if (typeof source !== 'string' || source === '') return "'payload.source' is missing or blank"
  if (!['critical', 'error', 'warning', 'info'].includes(String(severity))) return "'payload.severity' is invalid"
  if (Number.isNaN(Date.parse(String(timestamp)))) return "'payload.timestamp' is invalid"
  if (client !== undefined && typeof client !== 'string') return "'client' is invalid"
  if (client_url !== undefined && !URL.canParse(String(client_url))) return "'client_url' is invalid"
  return links === undefined || isList(links, 50, ({ href }) => URL.canParse(String(href)))
    ? null
    : "'links' is invalid"
}

/** What of a CloudEvent 1.0 that carries a CDEvent does not fit: required attributes, and both telling the same. */
export function cloudEventMisfit(body: Json): Misfit {
  for (const name of ['id', 'source', 'type', 'subject', 'time'] as const)
    if (typeof body[name] !== 'string' || body[name] === '') return `${name} is missing`
  if (body.specversion !== '1.0' || body.datacontenttype !== 'application/json') return 'not CloudEvents 1.0 with JSON'
  const { context, subject } = (body.data ?? {}) as { readonly context?: Json; readonly subject?: Json }
  const same = context?.id === body.id && context?.type === body.type && context?.timestamp === body.time
  if (!same || context?.source !== body.source || subject?.id !== body.subject) return 'envelope and event do not agree'
  const type = String(body.type)
  const content = (subject?.content ?? {}) as Json
  if (/^dev\.cdeventsx\.[a-zA-Z0-9]+-[a-zA-Z]+\.[a-zA-Z]+\.\d\.\d\.\d$/.test(type)) return null
  if (!/^dev\.cdevents\.service\.(?:deployed|upgraded|rolledback)\.0\.3\.0$/.test(type)) return `${type} is no type`
  const isPlain = Object.keys(content).sort().join() === 'artifactId,environment'
  return isPlain && String(content.artifactId).startsWith('pkg:oci/') ? null : 'content does not fit the type'
}

/** Whether one of the signatures in the header is that of `key` over id, time and body. */
export function isSigned(key: string, id: string, timestamp: string, body: string, header: string): boolean {
  const bytes = key.startsWith('whsec_') ? Buffer.from(key.slice(6), 'base64') : Buffer.from(key)
  const wanted = createHmac('sha256', bytes).update(`${id}.${timestamp}.${body}`).digest()
  return header.split(' ').some((one) => {
    const given = Buffer.from(one.startsWith('v1,') ? one.slice(3) : '', 'base64')
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  })
}
