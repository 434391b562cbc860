import { afterEach, beforeAll, expect, test } from 'vitest'
import { cutText, nextCut, wrongCut } from '../../lib/core/audit-cut.ts'
import { Fault } from '../../lib/errors.ts'
import { auditStage, PEN, type TableRow } from '../support/audit-stage.ts'
import { aRollout, HOUR, progressing } from '../support/builders.ts'
import { sha256 } from '../support/digests.ts'

const DAY = 24 * HOUR
type Stage = Awaited<ReturnType<typeof auditStage>>

/** Fourteen times ten days, each with a row of two services and a digest; then a night without a finding. */
async function longLife(): Promise<Stage> {
  const stage = await auditStage()
  await stage.live(14, 10 * DAY)
  expect(await stage.night()).toBe('intact')
  return stage
}

const ofService = async (stage: Stage, name: string) =>
  (await stage.rows('a!')).filter(({ service }) => service === name)
const seqs = (rows: readonly TableRow[]) =>
  rows.map(({ rowKey }) => 9_999_999_999_999 - Number(rowKey.split('!').at(-1)))

let cutStage: Stage
beforeAll(async () => {
  cutStage = await longLife()
  expect(await cutStage.trim()).toBe('trimmed')
}, 60_000)

test('what is older than the retention is gone, whole segments up to a digest, and the rest is proven from there', async () => {
  const cut = await cutStage.man.keeper.newestCut('production')
  if (cut === null) throw new Error('a cut was expected')
  // A hundred and forty days and the night: the newest digest that is 90 days old is that of day 50.
  expect(cut).toMatchObject({ number: 1, retentionDays: 90, digest: { number: 5 }, rows: 5 + 5 + 1 })
  expect(cut.heads.map(({ entityId, seq }) => [entityId, seq])).toEqual([
    ['production', 1],
    ['production/basket', 5],
    ['production/pricing', 5],
  ])
  expect(seqs(await ofService(cutStage, 'pricing')).at(-1)).toBe(6)
  expect(await ofService(cutStage, 'basket')).toHaveLength(9)
  expect(await cutStage.verify('pricing')).toBe(9)
  expect(await cutStage.verify(null)).toBe(4)
  const said = (await cutStage.store.page({ environment: 'production', kind: 'audit-trimmed', limit: 9, from: null }))
    .items
  expect(said).toMatchObject([
    {
      value: 11,
      actor: 'slipway',
      detail: { cut: { number: 1, hash: cut.hash }, digest: cut.digest, chains: 3, retentionDays: 90 },
    },
  ])
  expect(said[0]?.notes).toBe(`11 rows older than 90 days are removed, up to digest 5 of ${cut.digest.at}`)
  expect(await cutStage.trim()).toBe('nothing')
  expect(await cutStage.night()).toBe('intact')
})

const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one()
})
const put = async ({ state, rows }: Stage, row: TableRow) => {
  const before = (await rows(row.rowKey)).find(({ rowKey }) => rowKey === row.rowKey)
  await state.upsertEntity(row, 'Replace')
  const gone = () => state.deleteEntity(row.partitionKey, row.rowKey)
  undo.push(before === undefined ? gone : () => state.upsertEntity(before, 'Replace'))
}
const drop = async ({ state }: Stage, row: TableRow) => {
  await state.deleteEntity(row.partitionKey, row.rowKey)
  undo.push(() => state.upsertEntity(row, 'Replace'))
}

/** What is done to the oldest rows that are left (the last is the one right after the cut). */
const AROUND: readonly [string, (stage: Stage, rows: readonly TableRow[]) => Promise<unknown>][] = [
  ['is flipped', async (stage, rows) => put(stage, { ...rows.at(-1), notes: 'nothing' } as TableRow)],
  ['is deleted', async (stage, rows) => drop(stage, rows.at(-1) as TableRow)],
  [
    'is deleted with the two after it',
    async (stage, rows) => {
      for (const row of rows.slice(-3)) await drop(stage, row)
    },
  ],
  [
    'changes places with the next',
    async (stage, rows) => {
      const [one, other] = [rows.at(-1) as TableRow, rows.at(-2) as TableRow]
      await put(stage, { ...one, rowKey: other.rowKey })
      await put(stage, { ...other, rowKey: one.rowKey })
    },
  ],
  [
    'is followed by one that was made up',
    async (stage, rows) => {
      const row = rows.at(-1) as TableRow
      const [, time = '', name = ''] = row.rowKey.split('!')
      const happenedAt = new Date((row.happenedAt as Date).getTime() - DAY)
      const key = `a!${String(Number(time) + DAY)}!${name}!${9_999_999_999_999 - 5}`
      await put(stage, { ...row, id: 'production/pricing#5', happenedAt, rowKey: key })
    },
  ],
]

test.each(AROUND)('where the oldest row that is left %s, verify and the night find it', async (_, tamper) => {
  const rows = await ofService(cutStage, 'pricing')
  await tamper(cutStage, rows)
  expect(await cutStage.verify('pricing')).toMatchObject({ id: expect.stringMatching(/^production\/pricing#[5-9]$/) })
  expect(await cutStage.verify('basket')).toBe(9)
  expect(await cutStage.night()).toBe('broken')
  expect((await cutStage.said())?.notes).toMatch(/: production\/pricing#[5-9]: /)
})

test('rows that are older than the cut, of a chain that is not in it, are found', async () => {
  const row = (await ofService(cutStage, 'pricing')).at(-1) as TableRow
  const [, time = ''] = row.rowKey.split('!')
  const happenedAt = new Date((row.happenedAt as Date).getTime() - 13 * DAY)
  const ghost = { id: 'production/ghost#1', entityId: 'production/ghost', service: 'ghost' }
  await put(cutStage, { ...row, ...ghost, happenedAt, rowKey: `a!${Number(time) + 13 * DAY}!ghost!9999999999998` })
  expect(await cutStage.night()).toBe('broken')
  expect((await cutStage.said())?.notes).toContain('production/ghost#1: it is older than what was removed')
})

test('a cut that was made up, changed, or taken out opens nothing', async () => {
  const [row] = await cutStage.rows('h!')
  const cut = await cutStage.man.keeper.newestCut('production')
  const later = (await cutStage.man.keeper.digest('production', 9)) ?? null
  if (row === undefined || cut === null || later === null) throw new Error('a cut was expected')
  await drop(cutStage, row)
  expect(await cutStage.verify('pricing')).toEqual({ id: 'production/pricing#5', because: 'row 5 is missing' })
  expect(await cutStage.night()).toBe('broken')
  await put(cutStage, { ...row, json0: String(row.json0).replace('"retentionDays":90', '"retentionDays":91') })
  expect(await cutStage.night()).toBe('broken')
  expect((await cutStage.said())?.notes).toContain(
    'production#cut-1: what it says does not give its hash: it was changed',
  )
  const forged = nextCut(cut, later, 90, Date.parse(cut.at))
  const text = cutText(forged)
  const signature = { ...PEN.sign(text), keyId: 'another' }
  await cutStage.man.keeper.appendCut({ ...forged, hash: sha256(text), signature })
  undo.push(async () => {
    const [newest] = await cutStage.rows('h!')
    if (newest !== undefined) await cutStage.state.deleteEntity(newest.partitionKey, newest.rowKey)
  })
  expect(await cutStage.night()).toBe('broken')
  expect((await cutStage.said())?.notes).toContain('production#cut-2: no key that is known vouches for it (another)')
})

test('nothing goes that the night has not found right: before it, after a finding, and when it is old', async () => {
  const stage = await auditStage()
  await stage.live(14, 10 * DAY)
  expect(await stage.trim()).toBe('nothing')
  const [row] = await ofService(stage, 'pricing')
  await put(stage, { ...row, notes: 'nothing' } as TableRow)
  expect(await stage.night()).toBe('broken')
  expect(await stage.trim()).toBe('nothing')
  for (const one of undo.splice(0)) await one()
  expect(await stage.night()).toBe('intact')
  stage.pass(26 * HOUR)
  expect(await stage.trim()).toBe('nothing')
  expect(await ofService(stage, 'pricing')).toHaveLength(14)
})

test('rows of a rollout that runs stay, and all before it go', async () => {
  const stage = await longLife()
  const [item] = await stage.store.load('production', ['pricing'])
  const sixth = await stage.man.keeper.digest('production', 3)
  if (item === undefined || sixth === null) throw new Error('a service and a digest were expected')
  const startedAt = Date.parse(sixth.at)
  const rollout = aRollout(progressing(0), {
    key: item.service.key,
    number: 1,
    id: 'pricing-1',
    startedAt,
    wakeAt: startedAt,
  })
  const service = { ...item.service, rolloutNumber: 1 }
  await stage.store.commit({ key: item.service.key, token: item.token, service, rollout, audit: [] })
  expect(await stage.trim()).toBe('trimmed')
  expect((await stage.man.keeper.newestCut('production'))?.digest.number).toBe(2)
  expect(seqs(await ofService(stage, 'pricing')).at(-1)).toBe(3)
})

test('wherever a worker dies the chains are right, and the next goes on', async () => {
  const stage = await longLife()
  const { keeper } = stage.man
  let calls = 0
  let dies = 0
  const mortal =
    <A extends unknown[], R>(work: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      calls += 1
      if (calls === dies) throw new Fault('unavailable', 'it died before')
      const done = await work(...given)
      calls += 1
      if (calls === dies) throw new Fault('unavailable', 'it died after')
      return done
    }
  const one = async (environment: string, rows: Parameters<typeof keeper.removeRows>[1]) => {
    for (const row of rows) await removeOne(environment, [row])
  }
  const removeOne = mortal(keeper.removeRows)
  Object.assign(stage.man, { keeper: { ...keeper, appendCut: mortal(keeper.appendCut), removeRows: one } })
  for (dies = 1; dies < 40; dies += 5) {
    calls = 0
    await stage.trim().catch(() => null)
    expect(await stage.verify('pricing'), `after ${dies} calls`).toEqual(expect.any(Number))
    expect(await stage.night(), `after ${dies} calls`).toBe('intact')
  }
  dies = 0
  await stage.trim()
  const cut = await keeper.newestCut('production')
  expect(seqs(await ofService(stage, 'pricing')).at(-1)).toBe((cut?.digest.number ?? 0) + 1)
  expect(await stage.night()).toBe('intact')
})

test('two that trim at once remove the same rows, and a piece of work ends when its time is up', async () => {
  const stage = await longLife()
  const came = await Promise.all([stage.trim(), stage.trim()])
  expect(came.sort()).toEqual(['going-on', 'trimmed'])
  expect(await stage.rows('h!')).toHaveLength(1)
  expect(await stage.night()).toBe('intact')
  const other = await longLife()
  expect(await other.trim(90, 0)).toBe('going-on')
  expect(await other.trim(90, 0)).toBe('nothing')
})

test('a chain of which every row was removed has the cut as its head', async () => {
  const stage = await auditStage()
  await stage.write('old')
  await stage.live(3, 60 * DAY)
  expect(await stage.night()).toBe('intact')
  expect(await stage.trim()).toBe('trimmed')
  expect(await ofService(stage, 'old')).toEqual([])
  expect(await stage.verify('old')).toBe(0)
  expect(await stage.night()).toBe('intact')
  const [before] = await stage.rows('s!pricing')
  await stage.state.upsertEntity(
    { ...before, json0: String(before?.json0).replace('"chain":{"seq":3', '"chain":{"seq":0') } as TableRow,
    'Replace',
  )
  expect(await stage.verify('pricing')).toMatchObject({ because: expect.stringContaining('behind the head') })
})

test('a cut says only what its digest says, of rows that were old enough', async () => {
  const stage = cutStage
  const cut = await stage.man.keeper.newestCut('production')
  const named = await stage.man.keeper.digest('production', 5)
  if (cut === null || named === null) throw new Error('a cut was expected')
  const sign = (more: Partial<typeof cut>) => {
    const said = { ...cut, ...more }
    const text = cutText(said)
    return { ...said, hash: sha256(text), signature: PEN.sign(text) }
  }
  const check = { digest: sha256, verifySignature: PEN.check, newest: 14, named }
  const wrong = (more: Partial<typeof cut>, others: Partial<typeof check> = {}) =>
    wrongCut(sign(more), 'production', { ...check, ...others } as typeof check)
  expect(wrong({})).toBeNull()
  expect(wrong({ environment: 'staging' })).toBe('it is a cut of staging')
  expect(wrong({ retentionDays: 89 })).toBe('a retention is 90 days or more')
  expect(wrong({ retentionDays: Number.NaN })).toBe('a retention is 90 days or more')
  expect(wrong({ heads: [] })).toBe('it does not end where digest 5 says')
  expect(wrong({ digest: { ...cut.digest, hash: 'f' } })).toBe('digest 5 is not the one that it names')
  expect(wrong({}, { newest: 5 })).toBe('digest 5 was not old enough, or is the newest')
  expect(wrong({ at: named.at })).toBe('digest 5 was not old enough, or is the newest')
  expect(wrong({ retentionDays: 1000 })).toBe('digest 5 was not old enough, or is the newest')
  const bad = { ...cut, signature: { ...cut.signature, value: PEN.sign('x').value } }
  expect(wrongCut(bad, 'production', check)).toBe('its signature is not over what it says')
  expect(wrongCut(sign({}), 'production', { ...check, named: null })).toBe('digest 5 is not the one that it names')
})
