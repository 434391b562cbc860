import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../lib/ports.ts'
import { createFaultSwitch, type FaultSwitch } from './faults.ts'
import { bearerOf, json, listen, type Reply, readText, send, text, urlOf } from './serve.ts'
import { cloudEventMisfit, isSigned, type Misfit, pagerDutyMisfit, slackMisfit, teamsMisfit } from './sink-forms.ts'

/**
 * `down`: 503. `throttled`: 429 with Retry-After 30. `hanging`: no answer. `forgetful`: takes the message and answers 500.
 * `moved`: redirects. `closed`: refuses whoever asks. `picky`: refuses this message for good.
 */
export type SinkFault = 'down' | 'throttled' | 'hanging' | 'forgetful' | 'moved' | 'closed' | 'picky'

/** The pretend places, by kind. */
export type SinkKind = 'slack' | 'teams' | 'pagerduty' | 'webhook'

/** What lets a caller in; the webhook is signed with the last of its keys, whatever other signatures are there. */
export interface SinkSecrets {
  readonly slack: string
  readonly channel: string
  /** The `sig` of the workflow's URL. */
  readonly teams: string
  readonly pagerduty: string
  readonly webhook: string
}

/** A message that was taken. */
export interface Taken {
  readonly kind: SinkKind
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** Servers of pretend sinks on loopback: each takes nothing but what the real place documents. */
export interface SinkServers {
  /** Where each is reached; Teams' holds its secret. */
  readonly urls: Readonly<Record<SinkKind, string>>
  readonly faults: Readonly<Record<SinkKind, FaultSwitch<SinkFault>>>
  /** Everything that was taken, in order. */
  readonly taken: readonly Taken[]
  /** Why a message was not taken, in order; a test that expected it takes it out. */
  readonly misfits: string[]
  /** How many requests came, of any kind. */
  readonly requests: () => number
  /** Keys of PagerDuty's alerts that are open. */
  readonly alerts: ReadonlySet<string>
  close(): Promise<void>
}

interface State {
  readonly secrets: SinkSecrets
  readonly clock: Clock
  readonly onTaken: (taken: Taken) => void
  readonly taken: Taken[]
  readonly misfits: string[]
  readonly roots: Set<string>
  readonly alerts: Set<string>
  readonly faults: Readonly<Record<SinkKind, FaultSwitch<SinkFault>>>
  requests: number
  posted: number
}

const PATHS: Readonly<Record<SinkKind, string>> = {
  slack: '/api/chat.postMessage',
  teams: '/workflows/1/triggers/manual/paths/invoke',
  pagerduty: '/v2/enqueue',
  webhook: '/hooks/slipway',
}

/** Serves a Slack, a Teams workflow, a PagerDuty and a webhook over plain HTTP; `onTaken` hears of every message at once. */
export async function createSinks(
  clock: Clock,
  secrets: SinkSecrets,
  onTaken: (taken: Taken) => void = () => {},
): Promise<SinkServers> {
  const fault = () => createFaultSwitch<SinkFault>()
  const faults = { slack: fault(), teams: fault(), pagerduty: fault(), webhook: fault() }
  const state: State = {
    secrets,
    clock,
    onTaken,
    taken: [],
    misfits: [],
    roots: new Set(),
    alerts: new Set(),
    faults,
    requests: 0,
    posted: 0,
  }
  const { url, close } = await listen((request, response) => {
    void answer(state, request).then((reply) => reply !== null && send(response, reply))
  })
  const at = (kind: SinkKind) => `${url}${PATHS[kind]}`
  return {
    urls: {
      slack: at('slack'),
      pagerduty: at('pagerduty'),
      webhook: at('webhook'),
      teams: `${at('teams')}?api-version=2016-06-01&sig=${secrets.teams}`,
    },
    faults,
    taken: state.taken,
    misfits: state.misfits,
    requests: () => state.requests,
    alerts: state.alerts,
    close,
  }
}

async function answer(state: State, request: IncomingMessage): Promise<Reply | null> {
  state.requests += 1
  const body = await readText(request)
  const { pathname } = urlOf(request)
  const kind = (Object.keys(PATHS) as SinkKind[]).find((one) => PATHS[one] === pathname)
  if (kind === undefined || request.method !== 'POST') return text(404, 'nothing is served here')
  const met = state.faults[kind].meet()
  switch (met) {
    case 'hanging':
      return null
    case 'down':
      return text(503, 'out of order')
    case 'throttled':
      return { ...text(429, ''), headers: { 'retry-after': '30' } }
    case 'moved':
      return { ...text(307, ''), headers: { location: 'http://169.254.169.254/' } }
    case 'closed':
      return text(403, `the secret ${JSON.stringify(request.headers)} is wrong`)
    case 'picky':
      return kind === 'slack' ? json(200, { ok: false, error: 'invalid_blocks' }) : text(400, 'no')
    case 'forgetful':
    case null: {
      const reply = TAKES[kind](state, request, body)
      return met === null ? reply : text(500, 'it was taken, but nobody will know')
    }
  }
}

type Take = (state: State, request: IncomingMessage, body: string) => Reply

const TAKES: Readonly<Record<SinkKind, Take>> = {
  slack: (state, request, body) => {
    const no = (error: string) => json(200, { ok: false, error: refused(state, error) })
    if (bearerOf(request) !== state.secrets.slack) return no('invalid_auth')
    if (request.headers['content-type'] !== 'application/json; charset=utf-8') return no('invalid_post_type')
    const read = parsed(body)
    if (read.channel !== state.secrets.channel) return no('channel_not_found')
    const misfit = slackMisfit(read, state.roots)
    if (misfit !== null) return no(misfit)
    state.posted += 1
    const ts = `${Math.floor(state.clock.now() / 1000)}.${String(state.posted).padStart(6, '0')}`
    if (read.thread_ts === undefined) state.roots.add(ts)
    keep(state, 'slack', request, read)
    return json(200, { ok: true, channel: read.channel, ts, message: { type: 'message', text: read.text } })
  },
  teams: (state, request, body) => {
    if (urlOf(request).searchParams.get('sig') !== state.secrets.teams) return text(401, refused(state, 'wrong sig'))
    const read = parsed(body)
    const misfit = teamsMisfit(read, Buffer.byteLength(body))
    if (misfit !== null) return text(400, refused(state, misfit))
    keep(state, 'teams', request, read)
    return text(202, '')
  },
  pagerduty: (state, request, body) => {
    const read = parsed(body)
    const misfit = pagerDutyMisfit(read)
    if (misfit !== null || read.routing_key !== state.secrets.pagerduty)
      return json(400, { status: 'invalid event', errors: [refused(state, misfit ?? 'Invalid routing key')] })
    const key = String(read.dedup_key)
    if (read.event_action === 'resolve') state.alerts.delete(key)
    else state.alerts.add(key)
    keep(state, 'pagerduty', request, read)
    return json(202, { status: 'success', message: 'Event processed', dedup_key: key })
  },
  webhook: (state, request, body) => {
    const misfit = webhookMisfit(state, request, body)
    if (misfit !== null) return text(401, refused(state, misfit))
    const unfit = cloudEventMisfit(parsed(body))
    if (unfit !== null) return text(400, refused(state, unfit))
    keep(state, 'webhook', request, parsed(body))
    return text(204, '')
  },
}

function webhookMisfit({ secrets, clock }: State, { headers }: IncomingMessage, body: string): Misfit {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    String(headers[name] ?? ''),
  ) as [string, string, string]
  if (headers['content-type'] !== 'application/cloudevents+json; charset=utf-8') return 'no CloudEvent'
  if (id !== parsed(body).id || id.includes('.')) return 'webhook-id is not the event’s'
  if (!/^\d{10}$/.test(timestamp) || Math.abs(Number(timestamp) * 1000 - clock.now()) > 300_000) return 'too old'
  return isSigned(secrets.webhook, id, timestamp, body, signatures) ? null : 'the signature is not ours'
}

function keep({ taken, onTaken }: State, kind: SinkKind, { headers }: IncomingMessage, body: Taken['body']): void {
  const message = { kind, body, headers }
  taken.push(message)
  onTaken(message)
}

function refused({ misfits }: State, why: string): string {
  misfits.push(why)
  return why
}

function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(body) as Record<string, unknown>
  } catch {
    return {}
  }
}
