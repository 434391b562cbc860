import { beforeEach, expect, test } from 'vitest'
import { cutText, nextCut, type SignedCut } from '../../lib/core/audit-cut.ts'
import type { PublicKey } from '../../lib/core/audit-digest.ts'
import { findCut } from '../../lib/engine/audit-cut.ts'
import { auditStage, PEN, type TableRow } from '../support/audit-stage.ts'
import { HOUR } from '../support/builders.ts'
import { aPen, sha256 } from '../support/digests.ts'

const DAY = 24 * HOUR
let stage: Awaited<ReturnType<typeof auditStage>>
beforeEach(async () => {
  stage = await auditStage()
  await stage.live(14, 10 * DAY)
})

/** A cut that somebody who can write the table makes up: at digest `at`, with a key of their own. */
async function forge(at: number, more: Partial<SignedCut> = {}): Promise<SignedCut> {
  const named = await stage.man.keeper.digest('production', at)
  if (named === null) throw new Error('a digest was expected')
  const said = { ...nextCut(null, named, 90, stage.wheel.clock.now()), ...more }
  const text = cutText(said)
  const cut = { ...said, hash: sha256(text), signature: { ...PEN.sign(text), keyId: 'another' } }
  await stage.man.keeper.appendCut(cut)
  return cut
}

const ofPricing = async () => (await stage.rows('a!')).filter(({ service }) => service === 'pricing')

test.each([15, 1_000_000])(
  'a made-up cut at digest %s, which is not there, does not end the check early',
  async (number) => {
    await forge(14, { digest: { number, hash: 'f'.repeat(64), at: new Date(0).toISOString() } })
    expect(await stage.night()).toBe('broken')
    expect((await stage.said())?.notes).toContain('production#cut-1')
  },
)

test('a made-up cut is found where there is no digest any more', async () => {
  await forge(14)
  for (const row of await stage.rows('g!')) await stage.state.deleteEntity(row.partitionKey, row.rowKey)
  expect(await stage.night()).toBe('broken')
  expect(JSON.stringify((await stage.said())?.detail)).toContain('production#cut-1')
})

test('nothing is removed for a cut that was made up, nor after a night that found something', async () => {
  await forge(14)
  expect(await stage.night()).toBe('broken')
  expect(await stage.trim()).toBe('nothing')
  expect(await ofPricing()).toHaveLength(14)
})

test('nothing is removed for a cut that was made up after the night', async () => {
  expect(await stage.night()).toBe('intact')
  await forge(14)
  expect(await stage.trim()).toBe('nothing')
  expect(await ofPricing()).toHaveLength(14)
})

test('a cut that was made up is known as such, and one that was signed as sound', async () => {
  const { wheel, man } = stage
  expect(await findCut(wheel, man, 'production')).toEqual({ kind: 'none' })
  await forge(14)
  expect((await findCut(wheel, man, 'production')).kind).toBe('wrong')
  const oldest = (await ofPricing()).at(-1)
  await stage.state.deleteEntity('production', String(oldest?.rowKey))
  expect(await stage.verify('pricing')).toMatchObject({ because: 'row 1 is missing' })
  await stage.state.upsertEntity(oldest as TableRow, 'Replace')
  const [row] = await stage.rows('h!')
  await stage.state.deleteEntity('production', String(row?.rowKey))
  expect(await stage.night()).toBe('intact')
  expect(await stage.trim()).toBe('trimmed')
  expect(await findCut(wheel, man, 'production')).toMatchObject({ kind: 'sound', cut: { digest: { number: 5 } } })
})

test('a cut whose parts are no heads is no cut', async () => {
  await forge(14, { heads: [null] as unknown as SignedCut['heads'] })
  expect(await stage.man.keeper.newestCut('production')).toBeNull()
  expect(await stage.night()).toBe('intact')
})

test('a check that is said to have begun in the future is begun anew', async () => {
  expect(await stage.night()).toBe('intact')
  const { night, token } = await stage.man.keeper.night('production')
  if (night === null) throw new Error('a night was expected')
  const startedAt = night.startedAt + 1000 * DAY
  const last = night.last === null ? null : { ...night.last, at: startedAt }
  await stage.man.keeper.keepNight('production', { ...night, startedAt, last }, token)
  const [row] = await ofPricing()
  await stage.state.upsertEntity({ ...row, notes: 'nothing', parts: 1 } as unknown as TableRow, 'Replace')
  expect(await stage.trim()).toBe('nothing')
  expect(await stage.night()).toBe('broken')
})

test('a service whose row cannot be read for an hour stays in the digests with the head that it had', async () => {
  const [row] = await stage.rows('s!pricing')
  if (row === undefined) throw new Error('a row was expected')
  const before = await stage.man.keeper.digest('production', 14)
  await stage.state.upsertEntity({ ...row, schema: 99 }, 'Replace')
  stage.pass(HOUR)
  expect(await stage.digest()).toBe('written')
  const named = (await stage.man.keeper.digest('production', 15))?.heads.map(({ entityId }) => entityId)
  expect(named).toEqual(before?.heads.map(({ entityId }) => entityId))
})

test('when another key signs, the cut is signed with it the next night, also without a retention', async () => {
  expect(await stage.night()).toBe('intact')
  expect(await stage.trim()).toBe('trimmed')
  const other = aPen('other')
  let known = [PEN, other]
  const signer = {
    sign: async (text: string) => other.sign(text),
    publicKeys: async () => [{ kid: 'other' } as PublicKey],
  }
  const verify: typeof stage.man.verify = (_, text, signature) =>
    known.find(({ keyId }) => keyId === signature.keyId)?.check(text, signature) ?? 'unknown'
  Object.assign(stage.man, { signer, verify })
  stage.pass(HOUR)
  await stage.digest()
  expect(await stage.night()).toBe('intact')
  expect(await stage.trim(null)).toBe('nothing')
  known = [other]
  expect(await stage.night()).toBe('intact')
  expect(await stage.man.keeper.newestCut('production')).toMatchObject({ number: 2, rows: 0, digest: { number: 5 } })
  expect(await stage.trim(null)).toBe('nothing')
  expect(await stage.rows('h!')).toHaveLength(2)
})

test('by night a chain whose service cannot be read is walked from where the newest digest says; one that is gone is found', async () => {
  const [row] = await stage.rows('s!pricing')
  if (row === undefined) throw new Error('a row was expected')
  await stage.state.upsertEntity({ ...row, schema: 99 }, 'Replace')
  expect(await stage.night()).toBe('broken')
  expect((await stage.said())?.notes).toContain('the chain went back')
  const heldBy = ({ name }: { readonly name: string }) => (name === 'pricing' ? 'it cannot be read' : null)
  Object.assign(stage.wheel, { heldBy })
  expect(await stage.night()).toBe('intact')
  const [oldest] = await ofPricing()
  await stage.state.upsertEntity({ ...oldest, notes: 'nothing', parts: 1 } as unknown as TableRow, 'Replace')
  expect(await stage.night()).toBe('broken')
})

test('a check that took more than a night is one to go by from when it ended', async () => {
  await stage.live(16, 10 * DAY)
  stage.pass(21 * HOUR)
  expect(await stage.watch(0)).toBe('going-on')
  stage.pass(30 * HOUR)
  expect(await stage.watch(0)).toBe('intact')
  expect(await stage.trim()).toBe('trimmed')
})

test('a check whose next place cannot be read is begun anew', async () => {
  await stage.live(16, 10 * DAY)
  expect(await stage.watch(0)).toBe('going-on')
  const { night, token } = await stage.man.keeper.night('production')
  if (night === null) throw new Error('a night was expected')
  await stage.man.keeper.keepNight('production', { ...night, next: {} as typeof night.next }, token)
  const oldest = (await ofPricing()).at(-1)
  await stage.state.upsertEntity({ ...oldest, notes: 'nothing', parts: 1 } as unknown as TableRow, 'Replace')
  expect(await stage.night()).toBe('broken')
})
