import { type Notice, shortened } from '../../core/notice.ts'
import { Fault, type FaultKind } from '../../errors.ts'
import type { Notifier, Secrets } from '../../ports.ts'
import { faultOfAnswer, objectOf } from './answers.ts'
import type { Outbound } from './outbound.ts'
import { factsOf } from './said.ts'

/** What telling a Slack channel is made of. */
export interface SlackOptions {
  readonly send: Outbound
  readonly secrets: Secrets
  /** Key Vault's name of the bot token (`xoxb-…`, scope `chat:write`). */
  readonly secret: string
  /** The channel's id, e.g. `C0123456789`. */
  readonly channel: string
  /** Slack's own address unless told otherwise. */
  readonly url?: string
}

/** Where messages are posted. */
export const SLACK_URL = 'https://slack.com/api/chat.postMessage'

/**
 * Posts to a channel by chat.postMessage: one thread per rollout, whose first message is the first that is told of it. What
 * wants somebody is shown in the channel as well. Throws Fault.
 */
export function createSlack({ send, secrets, secret, channel, url = SLACK_URL }: SlackOptions): Notifier {
  const post = async (notice: Notice, thread: string | null) => {
    const [token = ''] = await secrets.read(secret)
    const headers = { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${token}` }
    const answer = await send(new URL(url), headers, JSON.stringify(messageOf(notice, channel, thread)))
    if (answer.status !== 200) throw faultOfAnswer('Slack', answer)
    const { ok, error, ts } = objectOf(answer.text)
    if (ok === true && typeof ts === 'string') return { ts }
    return { error: typeof error === 'string' && /^[a-z_]{1,80}$/.test(error) ? error : 'no answer of Slack', answer }
  }
  return {
    hasThreads: true,
    tell: async (notice, thread) => {
      const posted = await post(notice, thread)
      if ('ts' in posted) return thread ?? posted.ts
      if (thread === null || !LOST_THREAD.has(posted.error)) throw faultOf(posted.error, posted.answer.retryAfterMs)
      // The first message is gone: this one begins the thread anew.
      const again = await post(notice, null)
      if ('ts' in again) return again.ts
      throw faultOf(again.error, again.answer.retryAfterMs)
    },
  }
}

/** Slack's limits: 150 characters in a header, 3 000 in a section, 75 on a button. */
const MOST = { header: 150, section: 3_000, text: 1_000, fact: 300 } as const

function messageOf(notice: Notice, channel: string, thread: string | null): Readonly<Record<string, unknown>> {
  const { title, sentence, link, severity } = notice
  const button = { type: 'button', text: plain(notice.gate === null ? 'Open in Slipway' : 'Open the gate'), url: link }
  const blocks = [
    { type: 'header', text: plain(shortened(`${SIGNS[severity]} ${title}`, MOST.header)) },
    { type: 'section', text: plain(shortened(sentence, MOST.section)) },
    {
      type: 'context',
      elements: factsOf(notice).map(([name, value]) => plain(shortened(`${name}: ${value}`, MOST.fact))),
    },
    ...(link === null ? [] : [{ type: 'actions', elements: [button] }]),
  ]
  const isLoud = severity === 'critical' || severity === 'resolved' || notice.gate !== null
  return {
    channel,
    text: escaped(shortened(`${SIGNS[severity]} ${title}`, MOST.text)),
    blocks,
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    ...(thread === null ? {} : { thread_ts: thread, reply_broadcast: isLoud }),
  }
}

const SIGNS = { info: '🔵', warning: '🟠', critical: '🔴', resolved: '🟢' } as const

/** Plain text: whatever an operator wrote as a reason mentions nobody and links nowhere. */
function plain(text: string): Readonly<Record<string, unknown>> {
  return { type: 'plain_text', text, emoji: true }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const LOST_THREAD: ReadonlySet<string> = new Set(['thread_not_found', 'message_not_found', 'cannot_reply_to_message'])

/** Slack answers 200 also where it refuses; `error` is one of its documented words. */
const KINDS: Readonly<Record<string, FaultKind>> = {
  ratelimited: 'throttled',
  rate_limited: 'throttled',
  message_limit_exceeded: 'throttled',
  fatal_error: 'unavailable',
  internal_error: 'unavailable',
  service_unavailable: 'unavailable',
  request_timeout: 'unavailable',
  team_added_to_org: 'unavailable',
  msg_too_long: 'malformed',
  msg_blocks_too_long: 'malformed',
  no_text: 'malformed',
  invalid_blocks: 'malformed',
  invalid_blocks_format: 'malformed',
  invalid_arguments: 'malformed',
  invalid_json: 'malformed',
  json_not_object: 'malformed',
  too_many_attachments: 'malformed',
}

function faultOf(error: string, retryAfterMs: number | null): Fault {
  const kind = KINDS[error] ?? 'denied'
  const hint = kind === 'denied' ? ': check the token, its scope chat:write, and that the bot is in the channel' : ''
  return new Fault(kind, `Slack refused with ${error}${hint}`, { retryAfterMs })
}
