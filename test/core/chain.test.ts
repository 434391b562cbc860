import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AuditDraft, AuditRow } from '../../lib/core/audit.ts'
import { canonical, GENESIS, hashedText, seal } from '../../lib/core/chain.ts'
import { aService, KEY, someEvidence, T0 } from '../support/builders.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function aDraft(overrides: Partial<AuditDraft> = {}): AuditDraft {
  return {
    kind: 'step-started',
    metric: 'canary-weight',
    value: 10,
    notes: 'step 1 of 3: 10 % to the canary',
    actor: 'slipway',
    rollout: 'pricing-2',
    step: 1,
    weightsBefore: { a: 100 },
    weightsAfter: { a: 90, b: 10 },
    evidence: [someEvidence('pass')],
    detail: { edits: [{ what: 'labels' }] },
    ...overrides,
  }
}

/** Whether rows hang together: numbered without gaps from `from`, each hash over the one before and all that is said. */
function holds(rows: readonly AuditRow[], from = { seq: 0, hash: GENESIS }): boolean {
  let { seq, hash } = from
  return rows.every((row) => {
    const { hash: given, ...said } = row
    const good = row.seq === seq + 1 && row.previousHash === hash && given === sha256(hashedText(said))
    seq = row.seq
    hash = row.hash
    return good
  })
}

describe('canonical', () => {
  test('keys are sorted at every depth and nothing stands between tokens', () => {
    expect(canonical({ b: 1, a: { d: [1, 'x', null], c: true } })).toBe('{"a":{"c":true,"d":[1,"x",null]},"b":1}')
  })
  test('what JSON cannot hold is written as JSON would', () => {
    const value = { nan: Number.NaN, endless: Number.POSITIVE_INFINITY, gone: undefined, list: [undefined, 1] }
    expect(canonical(value)).toBe('{"endless":null,"list":[null,1],"nan":null}')
  })
  test('every character stands as JSON has it, alone and among others, as text and as a name', () => {
    for (let code = 0; code <= 0xffff; code += code < 0x3000 ? 1 : 0x101) {
      const text = String.fromCharCode(code)
      expect(canonical(text)).toBe(JSON.stringify(text))
      expect(canonical({ [`a${text}b`]: `c${text}d` })).toBe(JSON.stringify({ [`a${text}b`]: `c${text}d` }))
    }
  })
  test('nothing at all is null', () => expect(canonical(undefined)).toBe('null'))
  test('always says the same after a trip through JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonical(JSON.parse(canonical(value)))).toBe(canonical(value))
      }),
    )
  })
  test('always means what JSON means', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
  test('never depends on the order in which members were added', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(canonical(Object.fromEntries(Object.entries(value).reverse()))).toBe(canonical(value))
      }),
    )
  })
})

describe('seal', () => {
  test('the first row hangs on the genesis and has number 1', () => {
    const { rows } = seal(aService(), [aDraft()], T0, sha256)
    expect(rows[0]).toMatchObject({
      schema: 1,
      id: 'production/pricing#1',
      seq: 1,
      happenedAt: T0,
      entityId: 'production/pricing',
      previousHash: GENESIS,
    })
  })

  test('no drafts leave the chain as it was', () => {
    const { chain } = aService({ chain: { seq: 4, hash: 'h' } })
    expect(seal({ key: KEY, chain }, [], T0, sha256)).toEqual({ rows: [], chain })
  })

  test('is always numbered without gaps and hangs together across any number of commits', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 8 }), (counts) => {
        let { chain } = aService()
        const all: AuditRow[] = []
        counts.forEach((count, turn) => {
          const drafts = Array.from({ length: count }, (_, n) => aDraft({ notes: `${turn}.${n}` }))
          const sealed = seal({ key: KEY, chain }, drafts, T0 + turn, sha256)
          all.push(...sealed.rows)
          chain = sealed.chain
        })
        expect(all.map((row) => row.seq)).toEqual(all.map((_, index) => index + 1))
        expect(holds(all)).toBe(true)
        expect(chain).toEqual({ seq: all.length, hash: all.at(-1)?.hash ?? GENESIS })
      }),
    )
  })

  test('still holds after the rows were stored as JSON and read back', () => {
    const { rows } = seal(
      aService(),
      [aDraft({ value: Number.NaN, detail: { gone: undefined } }), aDraft()],
      T0,
      sha256,
    )
    expect(holds(JSON.parse(JSON.stringify(rows)))).toBe(true)
  })

  const { rows } = seal(aService(), [aDraft(), aDraft({ actor: 'ada' }), aDraft()], T0, sha256)

  test('a row that was taken out breaks the chain', () => {
    for (const gone of [0, 1]) expect(holds(rows.filter((_, index) => index !== gone))).toBe(false)
  })
  test('two rows that changed places break the chain', () => expect(holds([...rows].reverse())).toBe(false))

  for (const field of Object.keys(rows[0] ?? {})) {
    test(`a change of ${field} in any row breaks the chain`, () => {
      rows.forEach((_, changed) => {
        const forged = rows.map((row, index) => (index === changed ? { ...row, [field]: 'forged' } : row))
        expect(holds(forged)).toBe(false)
      })
    })
  }
  test('a change deep inside the evidence breaks the chain', () => {
    const forged = rows.map((row) => ({ ...row, evidence: row.evidence.map((item) => ({ ...item, bad: 0 })) }))
    expect(holds(forged)).toBe(false)
  })
})
