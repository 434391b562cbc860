import { expect, test } from 'vitest'
import { createSecretKeySigner } from '../../lib/adapters/signing/secret-key.ts'
import type { AuditDraft, AuditRow } from '../../lib/core/audit.ts'
import { cutText, nextCut, type SignedCut } from '../../lib/core/audit-cut.ts'
import { digestText, nextDigest, type SignedDigest } from '../../lib/core/audit-digest.ts'
import { GENESIS, seal } from '../../lib/core/chain.ts'
import { presented } from '../../lib/core/export.ts'
import { aPen, sha256 } from '../support/digests.ts'
import { aList, aService, aView, type Received, type Reply, withStub } from './stub.ts'

const KEY = { environment: 'production', name: 'pricing' }
const T = Date.parse('2026-11-21T10:00:00Z')
const SIGNER = createSecretKeySigner({ secrets: { read: async () => [aKey] }, name: 'slipway-audit-key' })
const aKey = aPen('any').pem

function aDraft(notes: string): AuditDraft {
  const none = { value: null, rollout: null, step: null, weightsBefore: null, weightsAfter: null, detail: null }
  return { kind: 'step-started', metric: 'none', notes, actor: 'slipway', evidence: [], ...none }
}

const rowsSaying = (...notes: readonly string[]) =>
  seal({ key: KEY, chain: { seq: 0, hash: GENESIS } }, notes.map(aDraft), T, sha256).rows
const ROWS = rowsSaying('it began', 'it went on', 'it ended')

/** One digest after each row, an hour apart. */
async function digestsOf(rows: readonly AuditRow[]): Promise<readonly SignedDigest[]> {
  const digests: SignedDigest[] = []
  for (const [hour, { entityId, seq, hash }] of rows.entries()) {
    const said = nextDigest(digests.at(-1) ?? null, 'production', [{ entityId, seq, hash }], T + hour * 3_600_000)
    const text = digestText(said)
    digests.push({ ...said, hash: sha256(text), signature: await SIGNER.sign(text) })
  }
  return digests
}

/** A service that shows these rows, with the head that they have, and these digests, two to a page. */
function kept(
  rows: readonly AuditRow[],
  digests: readonly SignedDigest[] | number,
  keys: readonly unknown[],
  cut: SignedCut | null = null,
) {
  const shown = rows.map(presented).reverse()
  const newest = rows.at(-1)
  const head = { id: newest?.id, hash: newest?.hash, happenedAt: shown[0]?.happenedAt }
  const verdict = {
    entityId: 'production/pricing',
    intact: true,
    rows: 3,
    head,
    broken: null,
    removed: null,
    nextLink: null,
  }
  return aService(aView(), ({ path, query }: Received): Reply | null => {
    if (path === '/v1/audit/verify')
      return query.get('service') === null ? { status: 404, body: '' } : { body: verdict }
    if (path === '/v1/audit') return { body: aList(shown) }
    if (path !== '/v1/audit/digests') return null
    if (typeof digests === 'number') return { status: digests, body: '' }
    const from = Number(query.get('from') ?? 0)
    const next = from + 2 < digests.length ? `/api/v1/audit/digests?from=${from + 2}` : null
    return { body: { ...aList(digests.toReversed().slice(from, from + 2), next), keys, cut } }
  })
}

async function verified(
  rows: readonly AuditRow[],
  digests: readonly SignedDigest[] | number,
  keys?: readonly unknown[],
) {
  const shown = keys ?? (await SIGNER.publicKeys())
  return withStub(kept(rows, digests, shown), async ({ run }) => {
    const { code, out } = await run(['audit', 'verify'])
    return { code, out: out.split('\n').find((line) => line.includes('digests of')) ?? '' }
  })
}

test('verify says from when to when the digests prove the history', async () => {
  const { code, out } = await verified(ROWS, await digestsOf(ROWS))
  expect(code).toBe(0)
  expect(out).toMatch(
    /^✔ digests of production: 3 signed; history is proven from 2026-11-21T10:00:00.000Z to 2026-11-21T12:00:00.000Z, up to digest 3 \([0-9a-f]{12}\)$/,
  )
})

test('verify of one service checks its heads, and tells all as JSON', async () => {
  const digests = await digestsOf(ROWS)
  await withStub(kept(ROWS, digests, await SIGNER.publicKeys()), async ({ run }) => {
    const answer = await run(['audit', 'verify', '--service', 'pricing', '--json'])
    expect(answer.code).toBe(0)
    expect(JSON.parse(answer.out).digests).toEqual({
      digests: 3,
      proven: { from: digests[0]?.at, until: digests[2]?.at, number: 3, hash: digests[2]?.hash },
      broken: [],
    })
  })
})

test('verify finds rows that were cut off with their head put back, which their chain does not show', async () => {
  const { code, out } = await verified(ROWS.slice(0, 2), await digestsOf(ROWS))
  expect(code).toBe(1)
  expect(out).toContain('digest 3: production/pricing#3 is no longer in its chain; history is proven from')
  expect(out).toContain('to 2026-11-21T11:00:00.000Z, up to digest 2')
})

test('verify finds a chain that was written anew from end to end', async () => {
  const { code, out } = await verified(rowsSaying('it began', 'it never went on', 'it ended'), await digestsOf(ROWS))
  expect(code).toBe(1)
  expect(out).toContain('digest 2: another row stands at production/pricing#2 now')
})

test('verify finds a digest that was taken out, and one that somebody signed with a key of theirs', async () => {
  const digests = await digestsOf(ROWS)
  const gap = await verified(ROWS, digests.toSpliced(1, 1))
  expect(gap).toMatchObject({ code: 1, out: expect.stringContaining('digest 3: it stands where digest 2 belongs') })
  const foreign = createSecretKeySigner({ secrets: { read: async () => [aPen('x').pem] }, name: 'other' })
  const [known] = await SIGNER.publicKeys()
  const [other] = await foreign.publicKeys()
  const renamed = await verified(ROWS, digests, [{ ...other, kid: known?.kid }])
  expect(renamed).toMatchObject({ code: 1, out: expect.stringContaining('no key that is known vouches for it') })
  expect(renamed.out).toContain('nothing is proven')
})

test('where there are no digests, or not for this caller, verify says so and goes by the chains', async () => {
  expect(await verified(ROWS, [])).toMatchObject({ code: 0, out: expect.stringContaining('there are none yet') })
  expect(await verified(ROWS, 403)).toMatchObject({ code: 0, out: expect.stringContaining('not shown to you') })
})

test('verify takes a chain that begins behind a signed cut, and no other', async () => {
  const digests = await digestsOf(ROWS)
  const [first] = digests
  if (first === undefined) throw new Error('a digest was expected')
  const said = nextCut(null, first, 90, T + 91 * 86_400_000)
  const cut = { ...said, hash: sha256(cutText(said)), signature: await SIGNER.sign(cutText(said)) }
  const keys = await SIGNER.publicKeys()
  const check = (rows: readonly AuditRow[], shown: SignedCut | null) =>
    withStub(kept(rows, digests, keys, shown), async ({ run }) => run(['audit', 'verify']))
  const sound = await check(ROWS.slice(1), cut)
  expect(sound.out).toContain('3 signed; history is proven')
  expect(sound).toMatchObject({
    code: 0,
    out: expect.stringContaining(
      'rows of production before 2026-11-21T10:00:00.000Z were removed under a retention of 90 days, signed',
    ),
  })
  expect(await check(ROWS.slice(1), null)).toMatchObject({ code: 1, out: expect.stringContaining('row 1 is missing') })
  expect(await check(ROWS.slice(2), cut)).toMatchObject({ code: 1, out: expect.stringContaining('row 2 is missing') })
  const changed = { ...cut, retentionDays: 400 }
  expect(await check(ROWS.slice(1), changed)).toMatchObject({ code: 1, out: expect.stringContaining('it was changed') })
}, 60_000)

test('verify walks a chain that the service no longer lists from where the newest digest says that it stood', async () => {
  const digests = await digestsOf(ROWS)
  const of = (rows: readonly AuditRow[]) => (received: Received) => {
    const { path } = received
    if (path === '/v1/services') return { body: aList([]) }
    if (path === '/v1/audit/verify') return { status: 404, body: '' }
    return kept(rows, digests, keys)(received)
  }
  const keys = await SIGNER.publicKeys()
  const verify = (rows: readonly AuditRow[]) =>
    withStub(of(rows), ({ run }) => run(['audit', 'verify', '--environment', 'production']))
  expect((await verify(ROWS)).out).toContain('production/pricing: 3 rows, unbroken')
  const changed = ROWS.map((row) => (row.seq === 2 ? { ...row, notes: 'nothing' } : row))
  const { code, out } = await verify(changed)
  expect(out).toContain('broken at production/pricing#2')
  expect(code).toBe(1)
})
