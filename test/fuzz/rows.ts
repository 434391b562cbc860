import { itemText } from '../../cli/commands/quarantine-show.ts'
import { problemOf } from '../../cli/problem.ts'
import * as codec from '../../lib/adapters/store/table-codec.ts'
import * as judge from '../../lib/adapters/store/table-judge.ts'
import * as notices from '../../lib/adapters/store/table-notices.ts'
import type { Row } from '../../lib/adapters/store/table-rows.ts'
import { type Quarantined, quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { sift } from '../../lib/engine/quarantine.ts'
import { quarantineView } from '../../lib/engine/quarantine-view.ts'
import { quarantinePage } from '../../lib/engine/redrive.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import { createSimQuarantine } from '../../sim/store-quarantine.ts'
import { aCaller } from '../support/callers.ts'
import { aNotice } from '../support/notices.ts'
import { aBucketLine, aJudge, anEvent, aPush, aRollout, aService, auditRows, T0 } from '../support/state.ts'
import { textOf } from './replies.ts'
import type { Target } from './run.ts'

const KEY = { environment: 'production', name: 'pricing' }
const ROLLOUT = aRollout(KEY)
const NOTICE = aNotice(1)
const PARCEL = {
  environment: 'production',
  sink: 'ops',
  notice: NOTICE,
  queuedAt: T0,
  tries: 0,
  lastError: null,
  deadAt: null,
}
const SINK = { leasedUntil: 0, failures: 0, failingSince: null, pausedUntil: 0, lastError: null }
const COMMAND = { id: 'cmd', verb: 'abort', actor: 'ada', at: T0, rollout: ROLLOUT.id, answer: 'done' }

const ROWS: readonly unknown[] = [
  codec.writeService(aService(KEY, { pending: [aPush()] })),
  codec.writeRollout(ROLLOUT, 1),
  judge.writeJudge(ROLLOUT, aJudge(ROLLOUT.id), 1),
  judge.writeBuckets(ROLLOUT, aBucketLine(ROLLOUT.id), 1),
  ...auditRows(KEY, 1, 1).map((row) => codec.writeAudit(KEY, row)),
  codec.writeCommand(KEY, COMMAND),
  codec.writeEvent(anEvent(1)),
  codec.writeSource(KEY, 'r.example.com', 'shop'),
  notices.writeUnsent(NOTICE),
  notices.writeParcel(PARCEL),
  notices.writeSink('production', 'ops', SINK),
]

const READERS: readonly ((row: Row) => unknown)[] = [
  codec.readService,
  codec.readRollout,
  (row) => judge.readJudge(row, ROLLOUT.id),
  (row) => judge.readBuckets(row, ROLLOUT.id),
  codec.readAudit,
  codec.readCommand,
  codec.readEvent,
  codec.readSource,
  notices.readNotice,
  notices.readParcel,
  notices.readSink,
  notices.readThread,
]

/** A row whose columns are out of shape. */
const columns: Target = {
  name: 'row',
  takes: 'value',
  count: 250,
  seeds: ROWS,
  run: (row: unknown) => READERS.map((read) => read(Object(row) as Row)),
}

const JSONS = ROWS.flatMap((row) => {
  const { json0, ...kept } = row as { json0?: string }
  return json0 === undefined ? [] : [{ kept, state: JSON.parse(json0) as unknown }]
})

/** A row whose columns are right, and whose JSON is of another shape: each field in turn. */
const states: Target = {
  name: 'row-state',
  takes: 'value',
  count: 250,
  seeds: JSONS,
  run: (input: unknown) => {
    const { kept, state } = Object(input) as Record<string, unknown>
    const row = { ...Object(kept), parts: 1, json0: textOf(state) } as Row
    return READERS.map((read) => read(row))
  },
}

const SUSPECT: Suspect = {
  kind: 'row',
  what: 'rollout',
  place: 'SlipwayState/production/r!pricing!999998',
  environment: 'production',
  service: 'pricing',
  field: 'phase.kind',
  why: 'phase.kind must be one of preparing, finished, is "x"',
  holds: true,
  content: null,
}
const ITEM: Quarantined = quarantinedAs('ab'.repeat(16), SUSPECT, null, T0)

const wheel = {
  clock: { now: () => T0 },
  digest: (text: string) => Buffer.from(text.slice(0, 64)).toString('hex').padEnd(64, '0'),
  catalogue: { servicesFor: async () => [KEY] },
  store: { load: async () => [{ service: aService(KEY), rollout: null, judge: null, token: null }] },
  events: { record: async () => {} },
  matchesTag: () => false,
} as unknown as Wheel

const ADMIN = aCaller()
const shelf = {
  ward: { admit: async (suspect: Suspect) => quarantinedAs('ab', suspect, null, T0) },
  queue: 'slipway-intake',
}

/** What lies in storage and queues, and what a server tells the command line. */
export const STORED: readonly Target[] = [
  columns,
  states,
  {
    name: 'message',
    takes: 'value',
    seeds: [
      { kind: 'push', push: aPush(), receivedAt: T0 },
      [
        { kind: 'ignored', record: anEvent(1) },
        { kind: 'push', push: aPush(), receivedAt: T0 },
      ],
    ],
    run: async (message: unknown) => {
      await sift(wheel, 'intake', [message].flat(), shelf)
    },
  },
  {
    name: 'suspect',
    takes: 'text',
    seeds: [SUSPECT.why, SUSPECT.place, '{"kind":"push","push":{"registry":"r.example.com"}}'],
    run: (text: string) => {
      const met = { ...SUSPECT, why: text, field: text, place: text, content: text }
      const item = quarantinedAs('ab', met, ITEM, T0)
      if (/[\p{Cc}\u202a-\u202e]/u.test(item.why)) throw new Error('a mark that moves a terminal is left')
      itemText(quarantineView(item, true))
    },
  },
  {
    name: 'page-token',
    takes: 'text',
    seeds: ['0~MTIzNDU2Nzg5MGFiY2RlZg', '1~', '999~x'],
    isFine: (error) => error instanceof Fault && error.kind === 'malformed',
    run: (from: string) => {
      const query = { scopes: ['production', null], service: null, state: null, limit: 10, from }
      return quarantinePage(
        createSimQuarantine(() => null),
        query,
        ADMIN,
      )
    },
  },
  {
    name: 'cli-problem',
    takes: 'value',
    seeds: [
      {
        status: 422,
        body: {
          type: 'https://slipway.example.com/api/problems/invalid',
          title: 'Not valid',
          status: 422,
          detail: 'The manifest is not valid.',
          requestId: 'r-1',
          errors: [{ path: 'spec.steps.0', message: 'must be a number', line: 3, column: 4 }],
        },
      },
    ],
    run: (input: unknown) => {
      const { status, body } = Object(input) as { status: number; body: unknown }
      return problemOf({ status, headers: new Headers(), body }, 'https://slipway.example.com/api')
    },
  },
]
