import { expect, it } from 'vitest'
import type { SignedDigest } from '../../lib/core/audit-digest.ts'
import { aDigest, aPen } from '../support/digests.ts'
import { T0 } from '../support/state.ts'
import { type AnyStore, begin, decision } from './store.contract.ts'

const ENVIRONMENT = 'production'
const PEN = aPen('pen')
const HEADS = [{ entityId: 'production/pricing', seq: 1, hash: 'a'.repeat(64) }]

function chainOf(length: number, environment = ENVIRONMENT): readonly SignedDigest[] {
  const digests: SignedDigest[] = []
  for (let n = 0; n < length; n += 1)
    digests.push(aDigest(PEN, digests.at(-1) ?? null, HEADS, T0 + n * 3_600_000, environment))
  return digests
}

/** How a store keeps digests of the audit: each number once, and all of them as they were. */
export function digestsContract(open: () => Promise<AnyStore>): void {
  it('knows no digest where none was ever stored', async () => {
    const { digests } = await open()
    expect(await digests.page(ENVIRONMENT, 10, null)).toEqual({ items: [], next: null })
  })

  it('gives back every field of a digest, of its environment only', async () => {
    const { digests } = await open()
    const [first] = chainOf(1) as [SignedDigest]
    const [other] = chainOf(1, 'staging') as [SignedDigest]
    expect(await digests.append(first)).toBe('saved')
    expect(await digests.append(other)).toBe('saved')
    expect((await digests.page(ENVIRONMENT, 10, null)).items).toEqual([first])
    expect((await digests.page('staging', 10, null)).items).toEqual([other])
  })

  it('takes each number once: the second is a conflict, and the first stands', async () => {
    const { digests } = await open()
    const [first] = chainOf(1) as [SignedDigest]
    await digests.append(first)
    expect(await digests.append({ ...first, at: new Date(T0 + 1).toISOString() })).toBe('conflict')
    expect((await digests.page(ENVIRONMENT, 10, null)).items).toEqual([first])
  })

  it('lets one of two win that come at once', async () => {
    const { digests } = await open()
    const [first] = chainOf(1) as [SignedDigest]
    const answers = await Promise.all([digests.append(first), digests.append(first)])
    expect([...answers].sort()).toEqual(['conflict', 'saved'])
  })

  it('pages through digests, newest first, past a change of digits', async () => {
    const { digests } = await open()
    for (const digest of chainOf(11)) await digests.append(digest)
    const first = await digests.page(ENVIRONMENT, 6, null)
    expect(first.items.map(({ number }) => number)).toEqual([11, 10, 9, 8, 7, 6])
    const rest = await digests.page(ENVIRONMENT, 6, first.next)
    expect(rest.items.map(({ number }) => number)).toEqual([5, 4, 3, 2, 1])
    expect(rest.next).toBeNull()
  })

  it('takes a digest of two thousand chains', async () => {
    const { digests } = await open()
    const heads = Array.from({ length: 2_000 }, (_, n) => ({
      entityId: `production/service-${String(n).padStart(20, '0')}`,
      seq: n + 1,
      hash: 'b'.repeat(64),
    }))
    const digest = aDigest(PEN, null, heads, T0)
    await digests.append(digest)
    expect((await digests.page(ENVIRONMENT, 1, null)).items).toEqual([digest])
  })

  it('shows no digest among services, rollouts and rows of the audit', async () => {
    const store = await open()
    await store.commit(decision(await begin(store)))
    await store.digests.append(chainOf(1)[0] as SignedDigest)
    expect((await store.list(ENVIRONMENT, 10, null)).items).toHaveLength(1)
    expect((await store.page({ environment: ENVIRONMENT, limit: 10, from: null })).items).toHaveLength(1)
  })
}
