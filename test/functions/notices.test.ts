import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NoticeView } from '../../lib/api.ts'
import { healthyProfile } from '../../sim/azure/image-profile.ts'
import { createSinks, type SinkKind, type SinkServers } from '../../sim/azure/sinks.ts'
import { wallClock } from '../../sim/clock.ts'
import { REGISTRY_HOST } from '../../sim/start/local-azure.ts'
import { acrPush } from '../../sim/start/webhook.ts'
import { manifest } from './manifests.ts'
import { expectProblem, itemsOf, openScene, type Scene, until } from './scene.ts'

const SECRETS = {
  slack: 'xoxb-1234-the-token-of-the-bot',
  channel: 'C0123456789',
  teams: 'the-signature-of-the-workflow',
  pagerduty: 'the-routing-key-of-32-characters',
  webhook: 'the signing key of the webhook, long enough',
} as const

let scene: Scene
let sinks: SinkServers

beforeAll(async () => {
  sinks = await createSinks(wallClock, SECRETS)
  // The first notice is the manifest's: the webhook refuses it for good, and PagerDuty does not want it.
  sinks.faults.webhook.inject('picky', 1)
  scene = await openScene(
    [manifest({ name: 'pricing', steps: '[{ setWeight: 10 }, { bake: 1h }, { setWeight: 100 }]' })],
    ({ vault }) => {
      vault.put('notify-slack', SECRETS.slack)
      vault.put('notify-teams', sinks.urls.teams)
      vault.put('notify-pager', SECRETS.pagerduty)
      vault.put('notify-hook', SECRETS.webhook)
      const notify = {
        ops: { kind: 'slack', channel: SECRETS.channel, secret: 'notify-slack', url: sinks.urls.slack },
        team: { kind: 'teams', secret: 'notify-teams', host: new URL(sinks.urls.teams).host },
        oncall: { kind: 'pagerduty', secret: 'notify-pager', url: sinks.urls.pagerduty },
        hook: { kind: 'webhook', secret: 'notify-hook', url: sinks.urls.webhook },
      }
      return { SLIPWAY_NOTIFY: JSON.stringify(notify), SLIPWAY_NOTIFY_LOOPBACK: 'true' }
    },
  )
}, 120_000)

afterAll(async () => {
  await scene?.close()
  await sinks?.close()
})

const taken = (kind: SinkKind) => sinks.taken.filter((one) => one.kind === kind)
const notices = async () => itemsOf(await scene.api('/v1/notices')) as unknown as readonly NoticeView[]

test('a push is told to Slack, Teams and the webhook, and to nobody who only wants alarms', {
  timeout: 120_000,
}, async () => {
  const digest = scene.stack.azure.publish('pricing', 'v2', healthyProfile('v2'))
  await scene.hook('acr', acrPush(REGISTRY_HOST, 'pricing', 'v2', digest))
  for (const kind of ['slack', 'teams', 'webhook'] as const)
    await until(`${kind} knows of the rollout`, async () =>
      JSON.stringify(taken(kind)).includes('pricing-1 (v2) begins'),
    )
  expect(taken('pagerduty')).toEqual([])
  expect(sinks.misfits).toEqual([])
  const link = `${scene.stack.local.api}/ui/#/production/pricing`
  expect(JSON.stringify(taken('slack').at(-1)?.body)).toContain(link)
})

test('what the webhook refused for good is listed, until it is tried again', { timeout: 120_000 }, async () => {
  const dead = await notices()
  expect(dead.filter(({ state }) => state === 'dead')).toMatchObject([
    {
      id: 'production/pricing#1',
      sink: 'hook',
      title: 'production/pricing has a new manifest',
      tries: 1,
      lastError: `${new URL(sinks.urls.webhook).host} answered HTTP 400: it refuses this notice`,
      nextTryAt: null,
    },
  ])
  expect(await scene.log()).toContain('notice production/pricing#1 was given up for hook')
  const again = await scene.api('/v1/notices/retry?environment=production&sink=hook', { method: 'POST' })
  expect([again.status, again.json]).toEqual([200, { environment: 'production', sink: 'hook', revived: 1 }])
  await until('the webhook has it', async () => taken('webhook').some(({ body }) => body.id === 'production/pricing#1'))
  await until('nothing is listed', async () => (await notices()).length === 0)
})

test('who wants a sink to be tried again must say which, and where', async () => {
  for (const query of ['', '?environment=production', '?sink=hook', '?environment=production&sink=nobody'])
    expectProblem(await scene.api(`/v1/notices/retry${query}`, { method: 'POST' }), 400, 'bad-request')
  const unknown = await scene.api('/v1/notices/retry?environment=elsewhere&sink=hook', { method: 'POST' })
  expectProblem(unknown, 404, 'not-found')
  expectProblem(await scene.api('/v1/notices?from=nonsense'), 400, 'bad-request')
  expectProblem(await scene.api('/v1/notices?from=99~'), 400, 'bad-request')
})

test('no secret of a sink stands in an answer, in the audit or in the log', async () => {
  await scene.expectNoSecrets([SECRETS.slack, SECRETS.teams, SECRETS.pagerduty, SECRETS.webhook])
})
