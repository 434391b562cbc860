import type { TableClient } from '@azure/data-tables'
import type { TableStore } from '../../../lib/adapters/store/table.ts'
import type { Tables } from '../../../lib/adapters/store/table-quarantine.ts'
import { GENESIS } from '../../../lib/core/chain.ts'
import type { RowKind } from '../../../lib/core/quarantine.ts'
import type { ServiceKey } from '../../../lib/core/service.ts'
import { begin, COMMAND, decision, loaded } from '../../contract/store.contract.ts'
import { aDigest, aPen } from '../../support/digests.ts'
import { aNotice } from '../../support/notices.ts'
import { anEvent, auditRows, T0 } from '../../support/state.ts'
import { judgeOnce } from './opened.ts'

/** The service whose rows are poisoned; its neighbour is `pricing`. */
export const BASKET: ServiceKey = { environment: 'production', name: 'basket' }

/** A row to be poisoned. */
export interface Victim {
  readonly what: RowKind
  readonly table: TableClient
  readonly partitionKey: string
  readonly rowKey: string
}

/** Stores a healthy `pricing`, and a row of every kind for `basket`; the answer names those. */
export async function fill(store: TableStore, tables: Tables): Promise<readonly Victim[]> {
  await begin(store)
  await begin(store, BASKET)
  await judgeOnce(store, BASKET)
  const start = await loaded(store, BASKET)
  const { seq } = start.service.chain
  const notice = (number: number) => aNotice(number, { service: 'basket', id: `production/basket#${number}` })
  await store.commit({
    ...decision(start),
    key: BASKET,
    service: { ...start.service, chain: { seq: seq + 1, hash: '' } },
    audit: auditRows(BASKET, seq + 1, seq + 1),
    command: COMMAND,
    notices: [notice(1), notice(2)],
  })
  const [first] = await store.outbox.unsent('production', 1)
  if (first === undefined) throw new Error('a notice was expected')
  await store.outbox.handOut(first, ['ops', 'pager'], T0)
  const parcels = await store.outbox.line('production', 'ops', 1)
  for (const parcel of parcels) await store.outbox.delivered(parcel, 'a-thread')
  const { state, token } = await store.outbox.sink('production', 'ops')
  await store.outbox.keepSink('production', 'ops', state, token)
  await store.digests.append(aDigest(aPen('pen'), null, [{ entityId: 'production/basket', seq: 1, hash: 'a' }], T0))
  await store.index(BASKET, 'r', 'x')
  await store.index({ environment: 'production', name: 'pricing' }, 'r', 'x')
  await store.record([anEvent(1), anEvent(2)])
  const freezes = { environment: 'staging', token: null, freezes: [], chain: { seq: 0, hash: GENESIS }, audit: [] }
  await store.commitFreezes(freezes)
  return victims(tables)
}

async function victims({ state, index, events }: Tables): Promise<readonly Victim[]> {
  const found: Victim[] = []
  for (const [table, wanted] of [
    [state, /^(s!basket|r!basket|b!basket|a!\d+!basket|c!basket|d!.*basket|e!|g!|o!|q!|k!|t!)/],
    [index, /basket/],
    [events, /./],
  ] as const) {
    for await (const { partitionKey = '', rowKey = '' } of table.listEntities())
      if (wanted.test(rowKey))
        found.push({ what: kindOf(table === state ? rowKey : table.tableName), table, partitionKey, rowKey })
  }
  return [...new Map(found.map((victim) => [victim.what, victim])).values()]
}

function kindOf(name: string): RowKind {
  if (/Index/.test(name)) return 'source'
  if (/Events/.test(name)) return 'event'
  if (/^r!.*!!/.test(name)) return 'judge'
  const kinds: Readonly<Record<string, RowKind>> = {
    s: 'service',
    r: 'rollout',
    b: 'buckets',
    a: 'audit',
    c: 'command',
    d: 'due',
    e: 'freezes',
    g: 'digest',
    o: 'notice',
    q: 'parcel',
    k: 'sink',
    t: 'thread',
  }
  return kinds[name[0] ?? ''] ?? 'unknown'
}

/** What is hostile in a name or a text. */
export const HOSTILE: readonly string[] = [
  '',
  '__proto__',
  'constructor',
  'a\u0000b\u001b[2J\r\n',
  '\u202egnp.exe',
  'x'.repeat(10_000),
  '👩‍👩‍👧',
  `'; drop table "x"; --`,
  '../../etc/passwd',
  'a/b\\c#d?e',
  '<script>alert(1)</script>',
]

/** Values of every type but the right one for most fields. */
export const WRONG: readonly unknown[] = [null, true, -1.5, 'text', [], {}, [[null]]]

/** Reads everything that anybody reads of rows of a kind, beside what every tick reads; what throws is the caller's to judge. */
export async function readKind(store: TableStore, { what, rowKey }: Victim): Promise<void> {
  await READERS[what]?.(store, rowKey)
}

const READERS: Readonly<Partial<Record<RowKind, (store: TableStore, rowKey: string) => Promise<unknown>>>> = {
  service: async (store) => [await store.list('production', 10, null), await store.mend('production')],
  rollout: async (store) => [await store.rollouts(BASKET, 10, null), await store.mend('production')],
  judge: (store) => store.judged(BASKET, 1),
  buckets: (store) => store.lines(BASKET, 1, 10, null),
  audit: (store) => store.page({ environment: 'production', limit: 10, from: null }),
  command: (store) => store.answered(BASKET, COMMAND.id),
  due: (store) => store.mend('production'),
  digest: (store) => store.digests.page('production', 10, null),
  notice: (store) => store.outbox.unsent('production', 10),
  parcel: async (store) => [
    await store.outbox.line('production', 'pager', 10),
    await store.outbox.parcels('production', false, 10, null),
  ],
  sink: (store) => store.outbox.sink('production', 'ops'),
  thread: (store, rowKey) => store.outbox.thread('production', 'ops', rowKey.split('!')[2] ?? ''),
  source: (store) => store.servicesFor('r', 'x'),
  event: (store) => store.page(10, null),
}
