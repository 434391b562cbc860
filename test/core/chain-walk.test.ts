import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AuditDraft, AuditRow } from '../../lib/core/audit.ts'
import { GENESIS, seal } from '../../lib/core/chain.ts'
import { type Break, walkEnd, walkFrom, walkOn } from '../../lib/core/chain-walk.ts'
import { T0 } from '../support/builders.ts'

const ENTITY = 'production/pricing'
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

function draft(notes: string): AuditDraft {
  return {
    kind: 'paused',
    metric: 'none',
    value: null,
    notes,
    actor: 'slipway',
    rollout: 'pricing-1',
    step: 1,
    weightsBefore: null,
    weightsAfter: null,
    evidence: [],
    detail: { notes },
  }
}

function chainOf(length: number) {
  const key = { environment: 'production', name: 'pricing' }
  const drafts = Array.from({ length }, (_, index) => draft(`row ${index + 1}`))
  const { rows, chain } = seal({ key, chain: { seq: 0, hash: GENESIS } }, drafts, T0, digest)
  return { rows: rows.toReversed(), head: chain }
}

/** Walks it all, in pages of `size`. */
function verify(rows: readonly AuditRow[], head: { seq: number; hash: string }, size = 3): Break | number {
  let walk = walkFrom(head)
  for (let at = 0; at < rows.length; at += size) {
    const step = walkOn(walk, ENTITY, rows.slice(at, at + size), digest)
    if (step.broken !== null) return step.broken
    walk = step.walk
  }
  return walkEnd(walk, ENTITY) ?? walk.rows
}

test('a chain as it was written is right from its head to its first row, in pages of any size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 7 }), (length, size) => {
      const { rows, head } = chainOf(length)
      expect(verify(rows, head, size)).toBe(length)
    }),
  )
})

const { rows, head } = chainOf(6)
const at = (seq: number): AuditRow => {
  const row = rows.find((each) => each.seq === seq)
  if (row === undefined) throw new Error(`no row ${seq}`)
  return row
}
const without = (...seqs: number[]) => rows.filter(({ seq }) => !seqs.includes(seq))

test.each<[string, readonly AuditRow[], number, RegExp]>([
  ['a word of a row is changed', rows.map((row) => (row.seq === 4 ? { ...row, notes: 'nothing' } : row)), 4, /changed/],
  [
    'a row is changed and its hash made to fit',
    rows.map((row) => {
      if (row.seq !== 4) return row
      const { hash: _, previousHash, ...said } = { ...row, notes: 'nothing' }
      return { ...said, previousHash, hash: digest(previousHash + JSON.stringify(said)) }
    }),
    4,
    /not the one that the row after it/,
  ],
  ['a row is taken out', without(3), 2, /stands where row 3 belongs/],
  ['a row is put in twice', [...rows.slice(0, 2), at(5), ...rows.slice(2)], 5, /stands where row 4 belongs/],
  ['two rows change places', [at(6), at(4), at(5), at(3), at(2), at(1)], 4, /stands where row 5 belongs/],
  ['the newest rows are cut off', without(6, 5), 4, /stands where row 6 belongs/],
  ['the oldest rows are cut off', without(1, 2), 2, /row 2 is missing/],
  ['all rows are gone', [], 6, /row 6 is missing/],
  ['a row stands before the first', [...rows, { ...at(1), seq: 0, id: `${ENTITY}#0` }], 0, /before the first/],
])('it is found that %s', (_, tampered, seq, because) => {
  expect(verify(tampered, head)).toEqual({ id: `${ENTITY}#${seq}`, because: expect.stringMatching(because) })
})

test('a row of another chain does not pass', () => {
  const stranger = { ...at(6), entityId: 'production/safety' }
  expect(verify([stranger, ...without(6)], head)).toMatchObject({ because: expect.stringMatching(/another chain/) })
})

test('a first row that names a row before it does not pass', () => {
  const { rows: later, chain } = seal(
    { key: { environment: 'production', name: 'pricing' }, chain: { seq: 0, hash: 'f'.repeat(64) } },
    [draft('first')],
    T0,
    digest,
  )
  expect(verify(later, chain)).toMatchObject({ because: expect.stringMatching(/does not begin the chain/) })
})

test('rows that were written after the head was read are passed over', () => {
  const { rows: longer } = chainOf(8)
  const old = chainOf(6).head
  expect(verify(longer, old)).toBe(6)
})

test('any one change to any one part of any row is found', () => {
  const parts = ['kind', 'notes', 'actor', 'happenedAt', 'previousHash', 'hash', 'seq', 'detail', 'value'] as const
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), fc.constantFrom(...parts), (index, part) => {
      const changed = rows.map((row, i) =>
        i === index ? ({ ...row, [part]: part === 'seq' ? row.seq + 100 : 'x' } as unknown as AuditRow) : row,
      )
      expect(verify(changed, head)).toMatchObject({ because: expect.any(String) })
    }),
  )
})
