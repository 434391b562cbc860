import { describe, expect, test } from 'vitest'
import type { AuditRow } from '../../lib/core/audit.ts'
import { type DeliveryAsk, deliveryReport } from '../../lib/engine/delivery.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { AuditLog, AuditQuery } from '../../lib/ports.ts'
import { aCaller } from '../support/callers.ts'
import { auditRows } from '../support/state.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 30)
const FROM = NOW - 20 * DAY
const TO = NOW - 10 * DAY
const [PATTERN] = auditRows({ environment: 'production', name: 'pricing' }, 1, 1)

function row(kind: AuditRow['kind'], at: number, rollout: string, more: Partial<AuditRow> = {}): AuditRow {
  if (PATTERN === undefined) throw new Error('a row was expected')
  return { ...PATTERN, kind, happenedAt: at, rollout, detail: null, notes: kind, ...more }
}

/** A log of these rows, in pages of `each`; how it was asked. */
function logOf(rows: readonly AuditRow[], each = 1000) {
  const asked: AuditQuery[] = []
  const page: AuditLog['page'] = async (query) => {
    asked.push(query)
    const found = rows.filter(
      ({ kind, happenedAt }) =>
        kind === query.kind && happenedAt >= (query.since ?? 0) && happenedAt < (query.until ?? Infinity),
    )
    const begin = Number(query.from ?? 0)
    const next = begin + each < found.length ? String(begin + each) : null
    return { items: found.slice(begin, begin + each), next }
  }
  return { log: { page }, asked }
}

const wheelOf = (names: readonly string[], now = NOW): Wheel =>
  ({
    clock: { now: () => now },
    catalogue: {
      list: async (environment: string) => ({
        items: names.map((name) => ({ key: { environment, name } })),
        next: null,
      }),
    },
  }) as unknown as Wheel

const ask = (log: AuditLog, changes: Partial<DeliveryAsk> = {}, names = ['pricing'], now = NOW) => {
  const caller = aCaller('viewer')
  const usual = { environments: ['production'], service: null, from: FROM, to: TO, caller }
  return deliveryReport(wheelOf(names, now), log, { ...usual, ...changes })
}

/** What was asked of each kind: from when and until when, in days of the window's start and end. */
const spans = (asked: readonly AuditQuery[]) =>
  asked.map(({ kind, since = 0, until = 0 }) => [kind, (since - FROM) / DAY, (until - TO) / DAY])

describe('the rows that delivery is measured by', () => {
  const [BEGAN, ENDED] = [FROM - 3 * DAY, FROM]
  const rows = [
    row('rollout-started', FROM - 9 * DAY, 'pricing-1', { detail: { push: { pushedAt: FROM - 9 * DAY } } }),
    row('finished', FROM - 1, 'pricing-1', { notes: 'promoted: so it was' }),
    row('rollout-started', BEGAN, 'pricing-2', { detail: { push: { pushedAt: BEGAN } } }),
    row('weights-confirmed', BEGAN + 1, 'pricing-2', { value: 10 }),
    row('finished', ENDED, 'pricing-2', { notes: 'rolled-back: so it was' }),
    row('rollout-started', FROM + DAY, 'pricing-3', { detail: { push: { pushedAt: FROM + DAY } } }),
    row('weights-confirmed', FROM + DAY, 'pricing-3', { value: 10 }),
    row('finished', FROM + 2 * DAY, 'pricing-3', { notes: 'promoted: so it was' }),
  ]

  test('are those since the earliest rollout that ended in the window, and ends up to a month after it', async () => {
    const { log, asked } = logOf(rows)
    const answer = await ask(log)
    expect(answer).toMatchObject({
      kind: 'report',
      from: new Date(FROM).toISOString(),
      to: new Date(TO).toISOString(),
      items: [
        { environment: 'production', service: null, deployments: 1 },
        {
          environment: 'production',
          service: 'pricing',
          deployments: 1,
          leadTime: { cases: 1, medianMs: DAY },
          changeFailure: { failed: 1, total: 2, ratio: 0.5 },
          timeToRestore: { cases: 1, medianMs: 3 * DAY - 1 },
        },
      ],
    })
    expect(spans(asked)).toEqual([
      ['finished', -30, 10 + 1 / DAY],
      ['rollout-started', -30, 10 + 1 / DAY],
      ['weights-confirmed', -3, 0],
      ['undo-requested', -3, 0],
    ])
    expect(
      asked.every(({ environment, limit, service }) => environment === 'production' && limit === 1000 && !service),
    ).toBe(true)
  })

  test('end a month after the window, however long ago that is, and never before the window does', async () => {
    const until = async (now: number) => {
      const { log, asked } = logOf([])
      await ask(log, {}, ['pricing'], now)
      return spans(asked).map(([, since, till]) => [since, till])
    }
    expect(await until(NOW + 365 * DAY)).toEqual([
      [-30, 30],
      [-30, 30],
      [0, 0],
      [0, 0],
    ])
    expect(await until(FROM)).toEqual([
      [-30, 0],
      [-30, 0],
      [0, 0],
      [0, 0],
    ])
  })

  test('are those of one service alone where one is asked for, which has no sum', async () => {
    const { log, asked } = logOf(rows)
    const answer = await ask(log, { service: 'pricing' }, ['pricing', 'routing'])
    expect(answer.kind === 'report' ? answer.items.map(({ service }) => service) : answer).toEqual(['pricing'])
    expect(asked.map(({ service }) => service)).toEqual(Array(4).fill('pricing'))
  })

  test('are not asked for where nobody may see them', async () => {
    const { log, asked } = logOf(rows)
    const none = await ask(log, { caller: aCaller('viewer', { services: ['routing'] }) })
    expect(none).toMatchObject({ kind: 'report', items: [] })
    expect(asked).toEqual([])
  })

  test('are read page by page', async () => {
    const { log, asked } = logOf(rows, 1)
    const paged = await ask(log)
    expect(paged).toEqual(await ask(logOf(rows).log))
    expect(asked.filter(({ kind }) => kind === 'finished').map(({ from }) => from)).toEqual([null, '1', '2'])
  })

  test('are another service’s own, though their rollouts have the same name', async () => {
    const there = { entityId: 'production/routing' }
    const others = rows.map((one) => ({ ...one, ...there, happenedAt: one.happenedAt - 5 * DAY }))
    const { log, asked } = logOf([...rows, ...others.filter(({ kind }) => kind === 'rollout-started')])
    const answer = await ask(log, {}, ['pricing', 'routing'])
    expect(answer).toMatchObject({
      items: [{ deployments: 1 }, { deployments: 1 }, { service: 'routing', deployments: 0 }],
    })
    expect(spans(asked)[2]).toEqual(['weights-confirmed', -3, 0])
  })

  test.each(['finished', 'rollout-started', 'weights-confirmed', 'undo-requested'])(
    'are too many where those of %s have no end after forty pages',
    async (kind) => {
      let pages = 0
      const page: AuditLog['page'] = async (query) => {
        if (query.kind === kind && query.environment !== 'test') pages += 1
        return { items: [], next: query.kind === kind && query.environment !== 'test' ? 'more' : null }
      }
      const answer = await ask({ page }, { environments: ['production', 'test', 'staging'] })
      const because =
        'production and staging had more rollouts in this window than are counted at once; ask for a shorter window, or for one service'
      expect(answer).toEqual({ kind: 'too-much', because })
      expect(pages).toBe(80)
    },
  )
})
