import type { Status } from '../../lib/core/status.ts'
import { healthyProfile, slowed } from '../azure/image-profile.ts'
import type { Load } from '../load.ts'
import type { Client } from './client.ts'
import type { LocalAzure } from './local-azure.ts'
import { paint, picture, type Screen } from './screen.ts'

/** What the story needs to be played. */
export interface Stagehands {
  readonly azure: LocalAzure
  readonly client: Client
  readonly load: Load
  readonly screen: Screen
  /** Publishes an image and lets the registry's webhook tell Slipway; returns the digest. */
  readonly push: (service: string, tag: string, program: ReturnType<typeof healthyProfile>) => Promise<string>
}

/** What did not go as told; empty = all did. */
export type Complaints = readonly string[]

const SERVICE = 'pricing'
const PATIENCE_MS = 180_000
const LOOK_EVERY_MS = 400

/** Plays the story: a healthy version is promoted, a slow one is rolled back, and no client notices a traffic move. */
export async function playStory(hands: Stagehands): Promise<Complaints> {
  const { screen } = hands
  screen.say(paint('bold', '\nChapter 1 · a healthy version 2 of pricing arrives'))
  await hands.push(SERVICE, 'v2', healthyProfile('v2'))
  const first = await follow(hands, 'pricing-1')
  await tell(hands, 'pricing-1')
  screen.say(paint('bold', '\nChapter 2 · version 3 arrives, and it is slow'))
  await hands.push(SERVICE, 'v3', slowed(healthyProfile('v3'), 8))
  const second = await follow(hands, 'pricing-2')
  await tell(hands, 'pricing-2')
  return [
    ...outcome(first, 'pricing-1', 'promoted'),
    ...outcome(second, 'pricing-2', 'rolled-back'),
    ...clients(hands),
    ...ending(second),
  ]
}

/** Shows a rollout until it has ended. Throws when it has not within three minutes. */
async function follow({ client, load, screen }: Stagehands, rollout: string): Promise<Status> {
  const until = Date.now() + PATIENCE_MS
  let said = ''
  for (;;) {
    const status = await client.status(SERVICE)
    if (status.rollout === rollout) {
      const line = headline(status)
      if (line !== said) screen.say(`  ${paint('dim', new Date().toISOString().slice(11, 19))} ${line}`)
      said = line
      screen.show(picture(status, load.counts()[SERVICE]))
      if (status.phase === 'finished') return status
    }
    if (Date.now() > until)
      throw new Error(`${rollout} did not end within ${PATIENCE_MS / 1000} s; it is: ${status.what}, ${status.why}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

function headline(status: Status): string {
  const wanted = status.canary === null ? undefined : status.weights.wanted?.[status.canary]
  const step = status.step === null ? '' : `, step ${status.step.number} of ${status.step.of}, ${wanted ?? 0} % wanted`
  const end = status.outcome === null ? '' : `: ${status.outcome}, ${status.why}`
  return `${status.rollout} ${status.phase}${step}${end}`
}

async function tell({ client, screen }: Stagehands, rollout: string): Promise<void> {
  screen.say(paint('bold', `\n  The audit of ${rollout}:`))
  for (const row of await client.audit(SERVICE, rollout)) screen.say(`  ${paint('dim', `#${row.seq}`)} ${row.sentence}`)
}

function outcome(status: Status, rollout: string, told: string): Complaints {
  return status.outcome === told
    ? []
    : [`${rollout} was to end as ${told} and ended as ${status.outcome}: ${status.why}`]
}

function clients({ load, screen }: Stagehands): Complaints {
  const counts = Object.values(load.counts())
  const sent = counts.reduce((sum, count) => sum + count.sent, 0)
  const failed = counts.reduce((sum, count) => sum + count.failed, 0)
  const verdict =
    failed === 0 ? paint('green', 'not one failed, through every traffic move') : paint('red', `${failed} failed`)
  screen.say(`\n  Clients sent ${sent.toLocaleString('en')} requests to three services: ${verdict}.`)
  const [example] = load.failures()
  return failed === 0 ? [] : [`${failed} of ${sent} client requests failed, e.g. ${JSON.stringify(example)}`]
}

function ending(status: Status): Complaints {
  const actual = status.weights.actual ?? {}
  const serving = Object.keys(actual)
  if (serving.length === 1 && serving[0] === status.stable) return []
  return [`after the rollback ${status.stable} was to serve alone, but the ingress has ${JSON.stringify(actual)}`]
}
