import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createNotifier, type Place } from '../../../lib/adapters/notify/index.ts'
import type { Notice } from '../../../lib/core/notice.ts'
import { Fault } from '../../../lib/errors.ts'
import type { Notifier } from '../../../lib/ports.ts'
import { createSinks, type SinkFault, type SinkKind, type SinkServers } from '../../../sim/azure/sinks.ts'
import { createSimSecrets, type SimSecrets } from '../../../sim/secrets.ts'
import { aNotice } from '../../support/notices.ts'
import { T0 } from '../../support/state.ts'

const TOKEN = 'xoxb-very-secret-token'
const SIG = 'very-secret-sig'
const ROUTING = 'verysecretverysecretverysecret32'
const KEY = `whsec_${Buffer.from('very secret signing key of the team').toString('base64')}`
const SECRET_TEXTS = [TOKEN, SIG, ROUTING, KEY, KEY.slice(6)]

let sinks: SinkServers
let secrets: SimSecrets
const clock = { now: () => T0 }

beforeAll(async () => {
  sinks = await createSinks(clock, { slack: TOKEN, channel: 'C42', teams: SIG, pagerduty: ROUTING, webhook: KEY })
})
afterAll(() => sinks.close())
beforeEach(() => {
  secrets = createSimSecrets({
    'notify-slack': [TOKEN],
    'notify-teams': [`${sinks.urls.teams}\n`],
    'notify-pager': [ROUTING],
    'notify-hook': [KEY],
  })
  for (const fault of Object.values(sinks.faults)) fault.clear()
})

function placeOf(kind: SinkKind): Place {
  switch (kind) {
    case 'slack':
      return { kind, secret: 'notify-slack', channel: 'C42', url: sinks.urls.slack }
    case 'teams':
      return { kind, secret: 'notify-teams', host: new URL(sinks.urls.teams).host }
    case 'pagerduty':
      return { kind, secret: 'notify-pager', url: sinks.urls.pagerduty }
    case 'webhook':
      return { kind, secret: 'notify-hook', url: sinks.urls.webhook }
  }
}

function notifier(kind: SinkKind, timeoutMs = 10_000): Notifier {
  return createNotifier(placeOf(kind), {
    secrets,
    clock,
    loopback: true,
    source: 'https://slipway.example.com',
    timeoutMs,
  })
}

const GATE = {
  step: 2,
  digest: `sha256:${'ab'.repeat(32)}`,
  needed: 2,
  given: ['ada'],
  from: ['ada', 'olga'],
  says: '1 of 2 approvals (by ada); 1 more is needed, from olga',
  expiresAt: T0,
}
const HOSTILE = 'because <!channel> & <@U1> said *so* [here](https://evil.example) `x`'

/** Notices of every shape that a place must be able to say. */
const NOTICES: readonly (readonly [string, Notice])[] = [
  ['a plain one', aNotice(1)],
  ['a gate', aNotice(2, { kind: 'paused', severity: 'warning', gate: GATE })],
  ['a critical one', aNotice(3, { kind: 'rollback-started', severity: 'critical', outcome: 'rolled-back' })],
  [
    'one that says it is over',
    aNotice(4, {
      kind: 'rollback-confirmed',
      severity: 'resolved',
      ends: 'critical',
      closes: true,
      outcome: 'rolled-back',
    }),
  ],
  ['a promotion', aNotice(5, { kind: 'finished', outcome: 'promoted', closes: true })],
  [
    'one about a service',
    aNotice(6, { kind: 'manifest-stored', rollout: null, image: null, tag: null, digest: null, step: null }),
  ],
  [
    'one about an environment',
    aNotice(7, {
      kind: 'freeze-added',
      service: null,
      rollout: null,
      image: null,
      tag: null,
      digest: null,
      step: null,
      link: null,
    }),
  ],
  ['a very long one', aNotice(8, { title: 'ü'.repeat(3_000), sentence: '🚀'.repeat(6_000), actor: 'x'.repeat(2_000) })],
  ['a hostile one', aNotice(9, { title: HOSTILE, sentence: HOSTILE, actor: HOSTILE })],
]

describe.each(['slack', 'teams', 'pagerduty', 'webhook'] as const)('%s', (kind) => {
  test.each(NOTICES)('takes %s in the form that it documents', async (_what, notice) => {
    const before = sinks.taken.length
    const thread = await notifier(kind).tell(notice, null)
    expect(sinks.misfits).toEqual([])
    expect(sinks.taken).toHaveLength(before + 1)
    expect(thread === null).toBe(kind !== 'slack')
  })

  const TROUBLES: readonly (readonly [SinkFault, Fault['kind']])[] = [
    ['down', 'unavailable'],
    ['throttled', 'throttled'],
    ['forgetful', 'unavailable'],
    ['moved', 'denied'],
    ['closed', 'denied'],
    ['picky', 'malformed'],
  ]
  test.each(TROUBLES)('that is %s is a Fault %s without any secret in it', async (fault, wanted) => {
    sinks.faults[kind].inject(fault, 1)
    const requests = sinks.requests()
    const met = await notifier(kind)
      .tell(aNotice(1), null)
      .catch((error: unknown) => error)
    expect(met).toBeInstanceOf(Fault)
    expect((met as Fault).kind).toBe(wanted)
    expect((met as Fault).retryAfterMs).toBe(fault === 'throttled' ? 30_000 : null)
    expect(sinks.requests()).toBe(requests + 1)
    for (const text of SECRET_TEXTS)
      expect(`${(met as Fault).stack} ${String((met as Fault).cause)}`).not.toContain(text)
  })

  test('that never answers is a Fault unavailable once the time is up', async () => {
    sinks.faults[kind].inject('hanging', 1)
    await expect(notifier(kind, 50).tell(aNotice(1), null)).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('is not called while its secret cannot be read', async () => {
    secrets.fault = 'unavailable'
    const requests = sinks.requests()
    await expect(notifier(kind).tell(aNotice(1), null)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(sinks.requests()).toBe(requests)
  })

  test('whose secret is wrong is a Fault denied, so that a person mends it and nothing is lost', async () => {
    const wrong = `wrong-${'x'.repeat(26)}`
    for (const name of ['notify-slack', 'notify-pager', 'notify-hook']) secrets.set(name, [wrong])
    secrets.set('notify-teams', [sinks.urls.teams.replace(SIG, wrong)])
    await expect(notifier(kind).tell(aNotice(1), null)).rejects.toMatchObject({ kind: 'denied' })
    sinks.misfits.splice(0)
  })
})

describe('a Slack thread', () => {
  const last = () => sinks.taken.at(-1)?.body ?? {}

  test('begins with the first message of a rollout, and the others answer it', async () => {
    const slack = notifier('slack')
    const root = await slack.tell(aNotice(1), null)
    expect(last()).not.toHaveProperty('thread_ts')
    expect(await slack.tell(aNotice(2), root)).toBe(root)
    expect(last()).toMatchObject({ thread_ts: root, reply_broadcast: false })
    expect(await slack.tell(aNotice(3, { severity: 'critical' }), root)).toBe(root)
    expect(last()).toMatchObject({ thread_ts: root, reply_broadcast: true })
    await slack.tell(aNotice(4, { gate: GATE, severity: 'warning' }), root)
    expect(last()).toMatchObject({ reply_broadcast: true })
    expect(JSON.stringify(last())).toContain('Open the gate')
  })

  test('whose first message is gone begins anew', async () => {
    const slack = notifier('slack')
    const ts = await slack.tell(aNotice(1), '1.000001')
    expect(ts).not.toBe('1.000001')
    expect(last()).not.toHaveProperty('thread_ts')
    sinks.misfits.splice(0)
  })
})

describe('PagerDuty', () => {
  test('has one alert per rollout, which closes when nothing about it calls for anybody', async () => {
    const pager = notifier('pagerduty')
    await pager.tell(aNotice(1, { severity: 'critical', kind: 'rollback-started' }), null)
    await pager.tell(aNotice(2, { severity: 'critical', kind: 'trouble' }), null)
    expect([...sinks.alerts]).toContain('slipway/production/pricing-7')
    await pager.tell(aNotice(3, { severity: 'resolved', ends: 'critical', closes: true }), null)
    expect([...sinks.alerts]).not.toContain('slipway/production/pricing-7')
  })
})

describe('a webhook', () => {
  const headers = () => sinks.taken.at(-1)?.headers ?? {}

  test('is signed with both keys while one follows the other, under an id that stays', async () => {
    secrets.set('notify-hook', [`whsec_${Buffer.alloc(32, 7).toString('base64')}`, KEY])
    await notifier('webhook').tell(aNotice(1), null)
    expect(String(headers()['webhook-signature']).split(' ')).toHaveLength(2)
    expect(headers()['webhook-id']).toBe('production/pricing#1')
    await notifier('webhook').tell(aNotice(1), null)
    expect(headers()['webhook-id']).toBe('production/pricing#1')
  })

  test('is not signed with a key that anybody could guess', async () => {
    secrets.set('notify-hook', ['short'])
    await expect(notifier('webhook').tell(aNotice(1), null)).rejects.toMatchObject({ kind: 'denied' })
  })

  const TYPES: readonly (readonly [Partial<Notice>, string])[] = [
    [{ kind: 'finished', outcome: 'promoted' }, 'dev.cdevents.service.upgraded.0.3.0'],
    [{ kind: 'finished', outcome: 'unchanged' }, 'dev.cdeventsx.slipway-rollout.finished.0.1.0'],
    [{ kind: 'finished', outcome: 'aborted' }, 'dev.cdevents.service.rolledback.0.3.0'],
    [{ kind: 'rollback-confirmed', outcome: 'rolled-back' }, 'dev.cdevents.service.rolledback.0.3.0'],
    [{ kind: 'step-started' }, 'dev.cdeventsx.slipway-rollout.stepstarted.0.1.0'],
    [{ kind: 'manifest-stored', rollout: null }, 'dev.cdeventsx.slipway-service.manifeststored.0.1.0'],
    [{ kind: 'freeze-added', service: null, rollout: null }, 'dev.cdeventsx.slipway-environment.freezeadded.0.1.0'],
  ]
  test.each(TYPES)('says %j as %s', async (changes, type) => {
    await notifier('webhook').tell(aNotice(1, changes), null)
    expect(sinks.taken.at(-1)?.body).toMatchObject({ type })
  })

  test('names the image as a package URL, pinned by digest', async () => {
    await notifier('webhook').tell(aNotice(1, { kind: 'finished', outcome: 'promoted' }), null)
    expect(sinks.taken.at(-1)?.body).toMatchObject({
      data: {
        subject: {
          content: {
            artifactId: `pkg:oci/pricing@sha256%3A${'ab'.repeat(32)}?repository_url=acme.azurecr.io%2Fteam%2Fpricing&tag=v1.4.2`,
          },
        },
        customData: { id: 'production/pricing#1' },
      },
    })
  })
})
