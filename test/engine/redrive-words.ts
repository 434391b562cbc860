import type { AuditDraft } from '../../lib/core/audit.ts'
import type { Caller } from '../../lib/core/caller.ts'
import type { By } from '../../lib/core/facts.ts'
import type { Quarantined } from '../../lib/core/quarantine.ts'
import {
  dismiss,
  findQuarantined,
  type QuarantineQuery,
  quarantinePage,
  type Redriving,
  redrive,
} from '../../lib/engine/redrive.ts'
import type { Ward } from '../../lib/engine/ward.ts'
import { Fault } from '../../lib/errors.ts'
import type { Quarantine, QuarantinedLoaded } from '../../lib/ports.ts'
import { HOUR, MINUTE, T0 } from '../support/builders.ts'
import { aCaller } from '../support/callers.ts'
import { changed, plain, rowsText } from './words.ts'

/** What is asked of an item in quarantine, and how the ward stands. */
interface Case {
  readonly item?: Partial<Quarantined>
  /** The default is another try. */
  readonly ask?: (redriving: Redriving, loaded: QuarantinedLoaded) => Promise<unknown>
  /** What is still wrong with the row. */
  readonly still?: string
  /** What storage says to a change. */
  readonly saved?: 'saved' | 'conflict'
  /** Why the queue takes nothing. */
  readonly refused?: string
  /** The item as it is in quarantine once the queue has refused it; null = it is gone. */
  readonly meanwhile?: Partial<Quarantined> | null
}

const NOW = T0 + HOUR
const REQUEST: By = { actor: 'ada', asked: { request: 'r-1', signIn: 'token', app: null } }
const BASE: Quarantined = {
  schema: 1,
  id: 'q-1',
  kind: 'row',
  what: 'service',
  place: 'SlipwayState/production/s!pricing',
  environment: 'production',
  service: 'pricing',
  field: 'schema',
  why: 'schema 2, known is 1',
  holds: true,
  content: null,
  state: 'waiting',
  since: T0 - HOUR,
  triedAt: T0,
  tries: 3,
  nextTryAt: NOW + MINUTE,
  redriven: null,
  dismissed: null,
}
const MESSAGE = {
  kind: 'message',
  what: 'delivery',
  place: 'slipway-intake',
  field: null,
  why: 'it could not be acted on',
  holds: false,
  content: '{"n":1}',
  nextTryAt: null,
} as const
const SERVICE = {
  kind: 'service',
  what: 'turn',
  place: 'production/pricing',
  field: null,
  why: 'TypeError: n is not a number',
} as const
const DISMISSED = { state: 'dismissed', dismissed: { by: 'kim', at: T0, reason: 'nobody needs it' } } as const
const REDRIVEN = { state: 'redriven', redriven: { by: 'kim', at: T0 } } as const
const SENT = { state: 'redriven', redriven: { by: 'bo', at: NOW }, dismissed: null } as const
const asRequest = (redriving: Redriving, loaded: QuarantinedLoaded) => redrive(redriving, loaded, REQUEST)
const away = (redriving: Redriving, loaded: QuarantinedLoaded) =>
  dismiss(redriving, loaded, 'ada', 'it is gone for good')
const awayAsRequest = (redriving: Redriving, loaded: QuarantinedLoaded) =>
  dismiss(redriving, loaded, REQUEST, 'it is old')

export const CASES: Readonly<Record<string, Case>> = {
  'a row can be read again': {},
  'a row can be read again, and was dismissed': { item: DISMISSED, ask: asRequest },
  'a row can be read again, and somebody else changed it': { saved: 'conflict' },
  'a row still cannot be read': { still: 'schema 3, known is 1' },
  'a row still cannot be read, and was dismissed': { still: 'schema 3, known is 1', item: DISMISSED, ask: asRequest },
  'a row still cannot be read, and somebody else changed it': { still: 'schema 3, known is 1', saved: 'conflict' },
  'a message is sent again': { item: MESSAGE },
  'a message is sent again that was dismissed': { item: { ...MESSAGE, ...DISMISSED }, ask: asRequest },
  'a message without content is sent again': { item: { ...MESSAGE, content: null } },
  'a message is sent again, and somebody else changed it': { item: MESSAGE, saved: 'conflict' },
  'the queue does not take a message': { item: MESSAGE, refused: 'no queue', meanwhile: SENT },
  'the queue does not take a message that was dismissed': {
    item: { ...MESSAGE, ...DISMISSED },
    refused: 'no queue',
    meanwhile: SENT,
  },
  'the queue does not take a message, and it failed again meanwhile': {
    item: MESSAGE,
    refused: 'no queue',
    meanwhile: { state: 'waiting' },
  },
  'the queue does not take a message, and it is gone meanwhile': {
    item: MESSAGE,
    refused: 'no queue',
    meanwhile: null,
  },
  'a service that breaks is tried again': { item: SERVICE },
  'a service that breaks is tried again by a request': { item: { ...SERVICE, ...DISMISSED }, ask: asRequest },
  'a service that breaks is tried again, and somebody else changed it': { item: SERVICE, saved: 'conflict' },
  'a row is dismissed': { ask: away },
  'a message is dismissed by a request': { item: { ...MESSAGE, ...REDRIVEN }, ask: awayAsRequest },
  'a service is dismissed, and goes on to rest': { item: SERVICE, ask: away },
  'all freezes of an environment are dismissed': { item: { what: 'freezes', service: null }, ask: away },
  'a row is dismissed, and somebody else changed it': { ask: away, saved: 'conflict' },
}

/** What is answered, what is stored, and what is sent, a line each. */
export async function toldOfRedriving(scene: Case): Promise<readonly string[]> {
  const { item: changes = {}, ask = (redriving, loaded) => redrive(redriving, loaded, 'bo'), saved = 'saved' } = scene
  const item: Quarantined = { ...BASE, ...changes }
  const lines: string[] = []
  const found = scene.meanwhile === undefined || scene.meanwhile === null ? null : { ...item, ...scene.meanwhile }
  const store = (words: string) => async (next: Quarantined, token: unknown, row?: AuditDraft) => {
    lines.push(`  ${words} over ${plain(token)}`, ...changed(item, next), ...rowsText(row === undefined ? [] : [row]))
    return saved
  }
  const quarantine = {
    find: async (scope: string | null, id: string) => {
      lines.push(`  find ${id} of ${scope}`)
      return found === null ? null : { item: found, token: 'token-8' }
    },
  }
  const examined = async () =>
    scene.still === undefined ? null : { ...BASE, why: scene.still, place: item.place, field: 'schema' }
  const ward = { quarantine, examined, keep: store('keep'), release: store('release') } as unknown as Ward
  const send = async (queue: string, content: string) => {
    lines.push(`  send to ${queue}: ${plain(content)}`)
    if (scene.refused !== undefined) throw new Fault('unavailable', scene.refused)
  }
  try {
    const answer = await ask({ ward, requeue: { send }, clock: { now: () => NOW } }, { item, token: 'token-7' })
    return [...lines, `  = ${plain(answer)}`]
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return [...lines, `  ! ${error.kind}: ${error.message}`]
  }
}

const itemOf = (id: string, changes: Partial<Quarantined> = {}): Quarantined => ({ ...BASE, id, ...changes })
const SHELF: Readonly<Record<string, readonly Quarantined[]>> = {
  production: [
    itemOf('waits'),
    itemOf('basket', { service: 'basket' }),
    itemOf('gone', DISMISSED),
    itemOf('sent', { ...MESSAGE, ...REDRIVEN }),
    itemOf('whole', { what: 'freezes', service: null }),
  ],
  staging: [itemOf('elsewhere', { environment: 'staging' })],
  null: [itemOf('nowhere', { ...MESSAGE, environment: null, service: null })],
}
const viewer = (environments: readonly string[] | null, services: readonly string[] | null): Caller => ({
  ...aCaller(),
  grants: [{ role: 'viewer', environments, services }],
})

/** By title, what is asked of the list; the ids that are found on each page. */
export const PAGES: Readonly<Record<string, readonly [Partial<QuarantineQuery>, Caller, readonly string[]]>> = {
  everything: [{}, aCaller(), ['waits basket sent whole elsewhere nowhere']],
  'two at a time': [{ limit: 2 }, aCaller(), ['waits basket', 'sent whole', 'elsewhere nowhere']],
  'one service': [{ service: 'basket' }, aCaller(), ['basket']],
  'what was dismissed': [{ state: 'dismissed' }, aCaller(), ['gone']],
  'what waits': [{ state: 'waiting' }, aCaller(), ['waits basket whole elsewhere nowhere']],
  'what was sent again': [{ state: 'redriven' }, aCaller(), ['sent']],
  'one environment': [{ scopes: ['staging'] }, aCaller(), ['elsewhere']],
  'what somebody of one service sees': [{}, viewer(['production'], ['basket']), ['basket']],
  'what somebody of one environment sees': [{}, viewer(['staging'], null), ['elsewhere']],
}

/** Every page of a list of the shelf, the ids on it and how many were asked for at a time. */
export async function pagesOf(query: Partial<QuarantineQuery>, caller: Caller) {
  const asked: number[] = []
  const items: Quarantine['items'] = async (scope, limit, from) => {
    asked.push(limit)
    const all = SHELF[String(scope)] ?? []
    const at = Number(from ?? '0')
    const next = at + limit < all.length ? String(at + limit) : null
    return { items: all.slice(at, at + limit).map((item) => ({ item, token: 1 })), next }
  }
  const find: Quarantine['find'] = async (scope, id) => {
    const item = SHELF[String(scope)]?.find((one) => one.id === id)
    return item === undefined ? null : { item, token: 1 }
  }
  const quarantine = { items, find } as unknown as Quarantine
  const whole: QuarantineQuery = {
    scopes: ['production', 'staging', null],
    service: null,
    state: null,
    limit: 50,
    from: null,
    ...query,
  }
  const pages: string[] = []
  for (let from: string | null = null, n = 0; n === 0 || from !== null; n += 1) {
    const page: Awaited<ReturnType<typeof quarantinePage>> = await quarantinePage(
      quarantine,
      { ...whole, from },
      caller,
    )
    pages.push(page.items.map(({ id }) => id).join(' '))
    from = page.next
  }
  const seen = await Promise.all(
    Object.values(SHELF)
      .flat()
      .map(async ({ id }) => ((await findQuarantined(quarantine, whole.scopes, id, caller)) === null ? [] : [id])),
  )
  return { pages, asked, seen: seen.flat().join(' ') }
}
