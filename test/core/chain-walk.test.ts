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
  ['a row is taken out', without(3), 3, /row 3 is missing/],
  ['a row is put in twice', [...rows.slice(0, 2), at(5), ...rows.slice(2)], 5, /stands where row 4 belongs/],
  ['two rows change places', [at(6), at(4), at(5), at(3), at(2), at(1)], 5, /out of its order/],
  ['the newest rows are cut off', without(6, 5), 6, /row 6 is missing/],
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

/** Rows written by two workers whose clocks differ: each row at its own time, listed as storage lists them. */
function skewedChain(times: readonly number[]) {
  const key = { environment: 'production', name: 'pricing' }
  let chain = { seq: 0, hash: GENESIS }
  const all = times.map((time, index) => {
    const sealed = seal({ key, chain }, [draft(`row ${index + 1}`)], time, digest)
    chain = sealed.chain
    return sealed.rows
  })
  const listed = all.flat().sort((one, other) => other.happenedAt - one.happenedAt || other.seq - one.seq)
  return { listed, head: chain }
}

test('clocks that differ put no row in the wrong place, wherever pages end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      (skews, size) => {
        const { listed, head } = skewedChain(skews.map((skew, index) => T0 + index * 3 + skew * 2))
        expect(verify(listed, head, size)).toBe(skews.length)
      },
    ),
  )
})

test('where clocks differ it is found all the same that a row is gone, moved, or there twice', () => {
  const { listed, head } = skewedChain([T0, T0 + 9, T0 + 3, T0 + 20, T0 + 12, T0 + 30])
  expect(listed.map(({ seq }) => seq)).toEqual([6, 4, 5, 2, 3, 1])
  for (const [index, row] of listed.entries()) {
    const gone = listed.filter((_, place) => place !== index)
    expect(verify(gone, head), `without ${row.seq}`).toMatchObject({ because: expect.stringMatching(/is missing/) })
    const twice = [...listed.slice(0, index), row, ...listed.slice(index)]
    expect(verify(twice, head), `${row.seq} twice`).toMatchObject({ id: row.id })
    const next = listed[index + 1]
    if (next === undefined) continue
    const moved = [...listed.slice(0, index), next, row, ...listed.slice(index + 2)]
    expect(verify(moved, head), `${row.seq} moved`).toMatchObject({
      because: expect.stringMatching(/out of its order/),
    })
  }
})

test('a chain may begin at the row up to which older ones were removed, and nowhere else', () => {
  const { listed, head } = skewedChain([1, 2, 3, 4, 5, 6].map((minute) => T0 + minute))
  const base = { seq: 3, hash: listed.find(({ seq }) => seq === 3)?.hash ?? '' }
  const walked = (rows: readonly AuditRow[], from = base, until = head) => {
    const { walk, broken } = walkOn(walkFrom(until, from), ENTITY, rows, digest)
    return broken ?? walkEnd(walk, ENTITY) ?? walk.rows
  }
  expect(walked(listed.slice(0, 3))).toBe(3)
  expect(walked(listed.slice(0, 4))).toBe(4)
  expect(walked(listed)).toBe(6)
  expect(walked([], base, base)).toBe(0)
  expect(walked(listed.slice(0, 2))).toEqual({ id: `${ENTITY}#4`, because: 'row 4 is missing' })
  expect(walked([...listed.slice(0, 3), ...listed.slice(4)])).toMatchObject({
    id: `${ENTITY}#3`,
    because: 'row 3 is missing',
  })
  const away = { id: `${ENTITY}#4`, because: 'it does not follow the row up to which older ones were removed' }
  expect(walked(listed.slice(0, 3), { seq: 3, hash: digest('another') })).toEqual(away)
  expect(walked([], { seq: 6, hash: digest('another') })).toEqual({ ...away, id: `${ENTITY}#7` })
})
