import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createWebhook } from '../../../lib/adapters/notify/webhook.ts'
import { readNotify } from '../../../lib/schema/settings-notify.ts'
import { settingsReader } from '../../../lib/schema/settings-reader.ts'
import { createSimSecrets } from '../../../sim/secrets.ts'
import { aNotice } from '../../support/notices.ts'
import { T0 } from '../../support/state.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/notifications.md'), 'utf8')
const KEYS = [7, 8].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`) as [string, string]

type Check = (headers: Readonly<Record<string, string>>, body: string, key: string, now: number) => boolean

function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(PAGE)?.[1]
  if (found === undefined) throw new Error(`the page has no block of ${language}`)
  return found
}

/** What a receiver gets. */
async function sent(): Promise<{ readonly headers: Readonly<Record<string, string>>; readonly body: string }> {
  let got = { headers: {}, body: '' }
  const webhook = createWebhook({
    secrets: createSimSecrets({ hook: KEYS }),
    clock: { now: () => T0 },
    secret: 'hook',
    url: 'https://hooks.example.com/',
    source: '/slipway',
    send: async (_url, headers, body) => {
      got = { headers, body }
      return { status: 200, text: '', retryAfterMs: null }
    },
  })
  await webhook.tell(aNotice(1), null)
  return got
}

describe('the page about notifications', () => {
  test('shows a configuration that is valid', () => {
    const issues: { path: string; message: string }[] = []
    const { sinks } = readNotify(settingsReader({ SLIPWAY_NOTIFY: block('json') }, issues))
    expect(issues).toEqual([])
    expect(Object.keys(sinks)).toEqual(['ops', 'team', 'oncall', 'hook'])
  })

  test('shows code that knows what Slipway sent from what it did not', async () => {
    const code = `data:text/javascript,${encodeURIComponent(block('js'))}`
    const { isFromSlipway } = (await import(/* @vite-ignore */ code)) as { readonly isFromSlipway: Check }
    const { headers, body } = await sent()
    for (const key of KEYS) expect(isFromSlipway(headers, body, key, T0 + 60_000)).toBe(true)
    expect(isFromSlipway(headers, body, `whsec_${Buffer.alloc(32, 9).toString('base64')}`, T0)).toBe(false)
    expect(isFromSlipway(headers, `${body} `, KEYS[0], T0)).toBe(false)
    expect(isFromSlipway({ ...headers, 'webhook-id': 'production/pricing#2' }, body, KEYS[0], T0)).toBe(false)
    expect(isFromSlipway({ ...headers, 'webhook-timestamp': String(T0 / 1000 + 1) }, body, KEYS[0], T0)).toBe(false)
    expect(isFromSlipway(headers, body, KEYS[0], T0 + 301_000)).toBe(false)
    expect(isFromSlipway({}, body, KEYS[0], T0)).toBe(false)
  })
})
