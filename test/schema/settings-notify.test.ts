import { describe, expect, test } from 'vitest'
import type { Issue } from '../../lib/schema/issue.ts'
import { type NotifySettings, readNotify } from '../../lib/schema/settings-notify.ts'
import { settingsReader } from '../../lib/schema/settings-reader.ts'

function read(
  notify: unknown,
  loopback?: string,
): { readonly settings: NotifySettings; readonly issues: readonly Issue[] } {
  const issues: Issue[] = []
  const text = typeof notify === 'string' ? notify : JSON.stringify(notify)
  const settings = readNotify(settingsReader({ SLIPWAY_NOTIFY: text, SLIPWAY_NOTIFY_LOOPBACK: loopback }, issues))
  return { settings, issues }
}

const SLACK = { kind: 'slack', channel: 'C0123456789', secret: 'notify-slack' }
const ALL = { environments: null, services: null, atLeast: 'info', closing: false }

describe('who is told', () => {
  test('is nobody by default', () => {
    for (const text of ['', '{}']) expect(read(text)).toEqual({ settings: { sinks: {}, loopback: false }, issues: [] })
  })

  test('is read with what each kind needs, PagerDuty for alarms and their end', () => {
    const { settings, issues } = read({
      ops: SLACK,
      oncall: { kind: 'pagerduty', secret: 'notify-pager', url: 'https://events.eu.pagerduty.com/v2/enqueue' },
      team: {
        kind: 'teams',
        secret: 'notify-teams',
        host: 'prod-1.westeurope.logic.azure.com',
        environments: ['production'],
      },
      hook: {
        kind: 'webhook',
        url: 'https://hooks.example.com/slipway?team=rides',
        secret: 'notify-hook',
        atLeast: 'warning',
        services: ['pri*', 'routing'],
      },
    })
    expect(issues).toEqual([])
    expect(settings.sinks).toEqual({
      ops: { ...SLACK, url: null, ...ALL },
      oncall: {
        kind: 'pagerduty',
        secret: 'notify-pager',
        url: 'https://events.eu.pagerduty.com/v2/enqueue',
        ...ALL,
        atLeast: 'critical',
        closing: true,
      },
      team: {
        kind: 'teams',
        secret: 'notify-teams',
        host: 'prod-1.westeurope.logic.azure.com',
        ...ALL,
        environments: ['production'],
      },
      hook: {
        kind: 'webhook',
        url: 'https://hooks.example.com/slipway?team=rides',
        secret: 'notify-hook',
        ...ALL,
        atLeast: 'warning',
        services: ['pri*', 'routing'],
      },
    })
  })

  const WRONG: readonly (readonly [string, unknown, RegExp])[] = [
    ['no JSON', '{ops', /is no JSON/],
    ['an unknown kind', { ops: { ...SLACK, kind: 'irc' } }, /`slack`, `teams`, `pagerduty` or `webhook`/],
    ['a name that is none', { 'Ops!': SLACK }, /no name/],
    ['a channel by name', { ops: { ...SLACK, channel: '#ops' } }, /id of a channel/],
    ['no channel', { ops: { kind: 'slack', secret: 'a' } }, /channel/],
    ['no secret', { ops: { kind: 'slack', channel: 'C1' } }, /`ops.secret` is missing/],
    ['a secret itself', { ops: { ...SLACK, secret: 'xoxb_1 2' } }, /name of a Key Vault secret/],
    ['what the kind does not know', { ops: { ...SLACK, host: 'a.example' } }, /host/],
    [
      'a webhook without TLS',
      { hook: { kind: 'webhook', url: 'http://hooks.example.com/', secret: 'a' } },
      /https:\/\//,
    ],
    [
      'a URL with a password',
      { hook: { kind: 'webhook', url: 'https://u:p@hooks.example.com/', secret: 'a' } },
      /without user/,
    ],
    [
      'a URL with a fragment',
      { hook: { kind: 'webhook', url: 'https://hooks.example.com/#x', secret: 'a' } },
      /fragment/,
    ],
    ['another scheme', { hook: { kind: 'webhook', url: 'file:///etc/passwd', secret: 'a' } }, /https:\/\//],
    ['no URL', { hook: { kind: 'webhook', url: 'hooks', secret: 'a' } }, /URL/],
    [
      'a host that is a URL',
      { team: { kind: 'teams', host: 'https://a.example', secret: 'a' } },
      /a host as it stands/,
    ],
    ['a host with capitals', { team: { kind: 'teams', host: 'A.example', secret: 'a' } }, /a host as it stands/],
    ['an unknown severity', { ops: { ...SLACK, atLeast: 'loud' } }, /`info`, `warning` or `critical`/],
    ['no environments', { ops: { ...SLACK, environments: [] } }, /let nothing through/],
    ['no service', { ops: { ...SLACK, services: ['Pricing'] } }, /name of a service/],
    ['too many places', Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`ops-${n}`, SLACK])), /more than 20/],
  ]
  test.each(WRONG)('is not %s', (_what, notify, message) => {
    const { issues } = read(notify)
    expect(issues.map(({ path }) => path)).toContain('SLIPWAY_NOTIFY')
    expect(issues.map((issue) => issue.message).join('\n')).toMatch(message)
  })

  test('may be on loopback without TLS where that is allowed, and nowhere else', () => {
    const hook = { kind: 'webhook', url: 'http://127.0.0.1:9000/hook', secret: 'a' }
    expect(read({ hook }, 'true')).toMatchObject({ settings: { loopback: true }, issues: [] })
    expect(read({ hook }).issues).toHaveLength(1)
    expect(read({}, 'yes').issues).toEqual([{ path: 'SLIPWAY_NOTIFY_LOOPBACK', message: 'must be `true` or `false`' }])
  })

  test('is never shown with a password that somebody wrote into a URL', () => {
    const { issues } = read({
      hook: { kind: 'webhook', url: 'https://user:verysecret@hooks.example.com/', secret: 'a' },
    })
    expect(JSON.stringify(issues)).not.toContain('verysecret')
  })
})
