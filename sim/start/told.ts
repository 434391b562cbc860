import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSinks } from '../azure/sinks.ts'
import { wallClock } from '../clock.ts'
import type { Overrides } from './stack.ts'

/** A webhook of this machine that is told of everything. */
export interface Told {
  /** Where the events that it takes are written, one JSON text a line. */
  readonly file: string
  /** What makes the function app tell it. */
  readonly settings: Overrides
  close(): Promise<void>
}

/** Starts a webhook that checks signature and form of what it is told, and writes it into `notices.jsonl` of `folder`. */
export async function startTold(folder: string): Promise<Told> {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'notices.jsonl')
  writeFileSync(file, '')
  const secret = (bytes: number) => randomBytes(bytes).toString('hex')
  const webhook = `whsec_${randomBytes(32).toString('base64')}`
  const others = { slack: secret(16), channel: 'C0', teams: secret(16), pagerduty: secret(16) }
  const sinks = await createSinks(wallClock, { ...others, webhook }, ({ body }) => {
    appendFileSync(file, `${JSON.stringify(body)}\n`)
  })
  const place = { kind: 'webhook', url: sinks.urls.webhook, secret: 'notify-webhook' }
  return {
    file,
    settings: ({ vault }) => {
      vault.put(place.secret, webhook)
      return { SLIPWAY_NOTIFY: JSON.stringify({ local: place }), SLIPWAY_NOTIFY_LOOPBACK: 'true' }
    },
    close: sinks.close,
  }
}
