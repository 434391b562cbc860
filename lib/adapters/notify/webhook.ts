import { createHmac } from 'node:crypto'
import { Fault } from '../../errors.ts'
import type { Clock, Notifier, Secrets } from '../../ports.ts'
import { faultOfAnswer } from './answers.ts'
import { cloudEventOf } from './cdevent.ts'
import type { Outbound } from './outbound.ts'

/** What telling a webhook is made of. */
export interface WebhookOptions {
  readonly send: Outbound
  readonly secrets: Secrets
  readonly clock: Clock
  /** Key Vault's name of the signing key: `whsec_` and base64, or any other text of at least 24 bytes. */
  readonly secret: string
  readonly url: string
  /** A URI or path that names this installation. */
  readonly source: string
}

/**
 * POSTs a CloudEvent to a webhook, signed with every live key of the secret, so that a key can be changed without a gap. The
 * id stays the same however often a notice is sent; the time is that of the attempt. Throws Fault.
 */
export function createWebhook({ send, secrets, clock, secret, url, source }: WebhookOptions): Notifier {
  return {
    hasThreads: false,
    tell: async (notice) => {
      const keys = (await secrets.read(secret)).map(keyBytes)
      if (keys.some(({ length }) => length < LEAST_KEY_BYTES))
        throw new Fault(
          'denied',
          `A key in secret ${secret} is shorter than ${LEAST_KEY_BYTES} bytes: anybody could guess it`,
        )
      const body = JSON.stringify(cloudEventOf(notice, source))
      const seconds = Math.floor(clock.now() / 1000)
      const headers = {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'webhook-id': notice.id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': keys.map((key) => signature(key, notice.id, seconds, body)).join(' '),
      }
      const answer = await send(new URL(url), headers, body)
      if (answer.status >= 200 && answer.status < 300) return null
      throw faultOfAnswer(new URL(url).host, answer)
    },
  }
}

const LEAST_KEY_BYTES = 24

/** `v1,` and the HMAC-SHA256 over `<id>.<timestamp>.<body>` in base64, as Standard Webhooks 1.0 has it. */
function signature(key: Buffer, id: string, seconds: number, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`, 'utf8').digest('base64')}`
}

function keyBytes(key: string): Buffer {
  const text = key.trim()
  return text.startsWith('whsec_') ? Buffer.from(text.slice('whsec_'.length), 'base64') : Buffer.from(text, 'utf8')
}
