import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SignedDigest } from '../../lib/core/audit-digest.ts'
import { checkDigests, type DigestCheck } from '../../lib/core/digest-check.ts'
import { T0 } from '../support/builders.ts'
import { aDigest, aPen, sha256 } from '../support/digests.ts'

const HOUR = 3_600_000
const OLD = aPen('old')
const PEN = aPen('now')
const PRICING = 'production/pricing'

/** A chain of `length` rows, as its hashes. */
const chainOf = (entityId: string, length: number, salt = '') =>
  Array.from({ length }, (_, place) => sha256(`${entityId}#${place + 1}${salt}`))

type Chains = Readonly<Record<string, readonly string[]>>
const CHAINS: Chains = { production: chainOf('production', 2), [PRICING]: chainOf(PRICING, 8) }

/** Five digests; the chain of pricing grew by two rows from hour to hour, until it rested. */
function fiveDigests(pens = [PEN, PEN, PEN, PEN, PEN]): readonly SignedDigest[] {
  const digests: SignedDigest[] = []
  for (const [hour, pen] of pens.entries()) {
    const seq = Math.min((hour + 1) * 2, 8)
    const pricing = { entityId: PRICING, seq, hash: CHAINS[PRICING]?.[seq - 1] ?? '' }
    const own = { entityId: 'production', seq: 1, hash: CHAINS.production?.[0] ?? '' }
    digests.push(aDigest(pen, digests.at(-1) ?? null, hour < 2 ? [pricing] : [pricing, own], T0 + hour * HOUR))
  }
  return digests
}
const DIGESTS = fiveDigests()

function check(digests: readonly SignedDigest[], chains: Chains = CHAINS, more: Partial<DigestCheck> = {}) {
  return checkDigests('production', digests, {
    digest: sha256,
    verifySignature: PEN.check,
    hashAt: (entityId, seq) => (chains[entityId] === undefined ? undefined : (chains[entityId][seq - 1] ?? null)),
    ...more,
  })
}

/** Makes a digest again whose text was changed: with its hash, so that only its signature tells. */
function forged(digest: SignedDigest, change: Partial<SignedDigest>): SignedDigest {
  const { number } = digest
  const heads = change.heads ?? digest.heads
  const before =
    number === 1 ? null : ({ number: number - 1, hash: change.previousHash ?? digest.previousHash } as SignedDigest)
  return { ...aDigest({ sign: () => digest.signature }, before, heads, Date.parse(change.at ?? digest.at)) }
}

test('history that stands as it was is proven from the first digest to the newest', () => {
  expect(check(DIGESTS)).toEqual({
    digests: 5,
    proven: {
      from: new Date(T0).toISOString(),
      until: new Date(T0 + 4 * HOUR).toISOString(),
      number: 5,
      hash: DIGESTS[4]?.hash,
    },
    broken: [],
  })
})

test('where there is no digest nothing is proven and nothing is wrong', () => {
  expect(check([])).toEqual({ digests: 0, proven: null, broken: [] })
})

test.each<[string, (all: readonly SignedDigest[]) => readonly SignedDigest[], number, string]>([
  ['one was taken out', (all) => all.toSpliced(2, 1), 4, 'it stands where digest 3 belongs'],
  ['the first was taken out', (all) => all.slice(1), 2, 'it stands where digest 1 belongs'],
  ['one was put in twice', (all) => all.toSpliced(2, 0, ...all.slice(1, 2)), 2, 'it stands where digest 3 belongs'],
  [
    'two changed places',
    (all) => [all[0], all[2], all[1], all[3]] as SignedDigest[],
    3,
    'it stands where digest 2 belongs',
  ],
  [
    'a head in it was changed',
    (all) => all.map((one) => (one.number === 2 ? { ...one, heads: [] } : one)),
    2,
    'what it says does not give its hash: it was changed',
  ],
  [
    'it was made anew with its hash, by somebody without the key',
    (all) => all.map((one) => (one.number === 5 ? forged(one, { at: new Date(T0 + 5 * HOUR).toISOString() }) : one)),
    5,
    'its signature is not over what it says',
  ],
  [
    'it goes on from another digest',
    (all) => all.map((one) => (one.number === 4 ? forged(one, { previousHash: sha256('?') }) : one)),
    4,
    'it names another digest before it than stands there',
  ],
  [
    'it is of another environment',
    (all) => [aDigest(PEN, null, [], T0, 'staging'), ...all.slice(1)],
    1,
    'it is a digest of staging',
  ],
  [
    'it is older than the one before',
    (all) => [...all, aDigest(PEN, all[4] ?? null, all[4]?.heads ?? [], T0)],
    6,
    'it is older than the digest before it',
  ],
])('it is found that %s', (_, change, number, because) => {
  const { broken } = check(change(DIGESTS))
  expect(broken[0]).toEqual({ number, because })
})

test('rows that were cut off are found though the head was put back with them', () => {
  const { proven, broken } = check(DIGESTS, { ...CHAINS, [PRICING]: chainOf(PRICING, 5) })
  expect(broken).toEqual([{ number: 3, because: `${PRICING}#6 is no longer in its chain` }])
  expect(proven).toMatchObject({ number: 2, until: new Date(T0 + HOUR).toISOString() })
})

test('a chain that was written anew from end to end is found, though it is right in itself', () => {
  const { proven, broken } = check(DIGESTS, { ...CHAINS, [PRICING]: chainOf(PRICING, 8, 'anew') })
  expect(broken).toEqual([{ number: 1, because: `another row stands at ${PRICING}#2 now` }])
  expect(proven).toBeNull()
})

test.each([
  ['shrank', [{ entityId: PRICING, seq: 7, hash: CHAINS[PRICING]?.[6] ?? '' }], 8],
  ['is another at the same row', [{ entityId: PRICING, seq: 8, hash: sha256('?') }], 8],
  ['is gone', [], 8],
])('a chain that %s from one digest to the next is told, without a look at its rows', (_, heads, seq) => {
  const own = DIGESTS[4]?.heads.filter(({ entityId }) => entityId === 'production') ?? []
  const next = aDigest(PEN, DIGESTS[4] ?? null, [...heads, ...own], T0 + 5 * HOUR)
  const { broken } = check([...DIGESTS, next], {})
  expect(broken).toEqual([{ number: 6, because: `${PRICING} went back: it stood at row ${seq} in the digest before` }])
})

test('a key that went does no harm where a later digest with a known key vouches for what it signed', () => {
  expect(check(fiveDigests([OLD, OLD, PEN, PEN, PEN]))).toMatchObject({ proven: { number: 5 }, broken: [] })
})

test('history is proven up to the last digest that a known key vouches for, and the rest is told', () => {
  expect(check(fiveDigests([PEN, PEN, PEN, OLD, OLD]))).toMatchObject({
    proven: { number: 3 },
    broken: [{ number: 5, because: 'no key that is known vouches for it (old)' }],
  })
  expect(check(fiveDigests([OLD, OLD, OLD, OLD, OLD])).proven).toBeNull()
})

test('any one change to any one part of any digest is found', () => {
  const parts = fc.constantFrom(
    'schema',
    'environment',
    'number',
    'at',
    'previousHash',
    'hash',
    'entityId',
    'seq',
    'rowHash',
    'value',
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4 }), parts, (place, part) => {
      const changed = DIGESTS.map((one, at) => (at === place ? changedIn(one, part) : one))
      expect(check(changed).broken.length).toBeGreaterThan(0)
    }),
    { numRuns: 60 },
  )
})

function changedIn(digest: SignedDigest, part: string): SignedDigest {
  const [head, ...heads] = digest.heads
  if (head === undefined) throw new Error('every digest here has a head')
  switch (part) {
    case 'schema':
      return { ...digest, schema: 2 as 1 }
    case 'environment':
      return { ...digest, environment: 'staging' }
    case 'number':
      return { ...digest, number: digest.number + 1 }
    case 'at':
      return { ...digest, at: new Date(Date.parse(digest.at) + 1).toISOString() }
    case 'entityId':
      return { ...digest, heads: [{ ...head, entityId: 'production/other' }, ...heads] }
    case 'seq':
      return { ...digest, heads: [{ ...head, seq: head.seq - 1 }, ...heads] }
    case 'rowHash':
      return { ...digest, heads: [{ ...head, hash: sha256('?') }, ...heads] }
    case 'value':
      return { ...digest, signature: { ...digest.signature, value: PEN.sign('something else').value } }
    default:
      return { ...digest, [part]: sha256('?') }
  }
}
