import { expect, test } from 'vitest'
import type { AuditRow } from '../../lib/core/audit.ts'
import { deliveriesOf } from '../../lib/core/delivery.ts'
import { auditRows } from '../support/state.ts'

const [PATTERN] = auditRows({ environment: 'production', name: 'pricing' }, 1, 1)

function row(kind: AuditRow['kind'], happenedAt: number, more: Partial<AuditRow> = {}): AuditRow {
  if (PATTERN === undefined) throw new Error('a row was expected')
  return { ...PATTERN, kind, happenedAt, rollout: 'pricing-1', detail: null, value: null, notes: kind, ...more }
}
const end = (at: number, more: Partial<AuditRow> = {}, outcome = 'promoted') =>
  row('finished', at, { notes: `${outcome}: so it was`, ...more })
const traffic = (at: number) => row('weights-confirmed', at, { value: 10 })

test('a rollout is read whole', () => {
  const push = { pushedAt: 7 }
  const start = row('rollout-started', 10, { detail: { push, cause: 'push' } })
  expect(deliveriesOf([end(50), traffic(30), traffic(20), start])).toEqual([
    {
      entityId: 'production/pricing',
      rollout: 'pricing-1',
      outcome: 'promoted',
      pushedAt: 7,
      firstTrafficAt: 20,
      endedAt: 50,
      isUndo: false,
      isForsaken: false,
      undoneAt: null,
    },
  ])
})

test('a promotion is traffic at the latest, and only confirmed weights are traffic before it', () => {
  const others = [row('step-started', 5, { value: 10 }), row('undo-requested', 6, { value: 10 })]
  expect(deliveriesOf([...others, end(50)])[0]).toMatchObject({ firstTrafficAt: 50, pushedAt: null })
  const back = deliveriesOf([...others, end(50, {}, 'rolled-back')])[0]
  expect(back).toMatchObject({ firstTrafficAt: null, isForsaken: false })
  expect(deliveriesOf([...others, end(50, {}, 'superseded')])[0]).toMatchObject({ isForsaken: true })
  expect(deliveriesOf([end(50, {}, 'superseded')])[0]).toMatchObject({ isForsaken: false })
})

test('a row of no rollout is of none, and a push that is dated in no number is not dated', () => {
  expect(deliveriesOf([end(50, { rollout: null })])).toEqual([])
  const dated = (pushedAt: unknown) =>
    row('rollout-started', 1, { detail: { push: { pushedAt } } as AuditRow['detail'] })
  expect(deliveriesOf([dated('1970-01-01'), end(50)])[0]?.pushedAt).toBeNull()
  expect(deliveriesOf([row('rollout-started', 1), end(50)])[0]).toMatchObject({ pushedAt: null, isUndo: false })
})

test('rollouts stand by service, end and name, whatever the order of their rows', () => {
  const of = (service: string, rollout: string, at: number) => end(at, { entityId: `production/${service}`, rollout })
  const rows = [of('b', 'b-2', 5), of('a', 'a-2', 9), of('b', 'b-1', 5), of('c', 'c-1', 1), of('a', 'a-1', 8)]
  const sorted = ['a-1', 'a-2', 'b-1', 'b-2', 'c-1']
  expect(deliveriesOf(rows).map(({ rollout }) => rollout)).toEqual(sorted)
  expect(deliveriesOf(rows.toReversed()).map(({ rollout }) => rollout)).toEqual(sorted)
  expect(deliveriesOf([rows[4], rows[1], rows[3], rows[2], rows[0]] as AuditRow[]).map((one) => one.rollout)).toEqual(
    sorted,
  )
})

test('an undo undoes what was promoted, until the moment at which the undo began', () => {
  const undo = [
    row('rollout-started', 20, { rollout: 'pricing-9', detail: { cause: 'undo' } }),
    end(30, { rollout: 'pricing-9' }),
  ]
  const undone = (...rows: readonly AuditRow[]) =>
    deliveriesOf([...rows, ...undo]).flatMap(({ rollout, undoneAt }) => (undoneAt === null ? [] : [rollout, undoneAt]))
  const back = end(15, { rollout: 'pricing-2' }, 'rolled-back')
  expect(undone(end(10), back)).toEqual(['pricing-1', 30])
  expect(undone(end(20))).toEqual(['pricing-1', 30])
  expect(undone(end(21))).toEqual([])
  expect(undone(back)).toEqual([])
})
