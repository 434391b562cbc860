import { afterEach, beforeAll, expect, test } from 'vitest'
import { auditStage, type TableRow } from '../support/audit-stage.ts'
import { HOUR } from '../support/builders.ts'

test('an audit as it was written is proven row by row, in pieces of a day, and told once a night', async () => {
  const stage = await auditStage()
  await stage.live(50)
  await stage.write('pricing')
  stage.pass(60_000)
  expect(await stage.watch(0)).toBe('going-on')
  expect(await stage.watch(0)).toBe('going-on')
  expect(await stage.watch(0)).toBe('intact')
  expect(await stage.said()).toMatchObject({
    kind: 'audit-verified',
    value: 50 * 2 + 10 + 1,
    actor: 'slipway',
    notes: '111 rows are as they were written; against the digests up to 50',
    detail: { newest: 50, found: [] },
  })
  expect(await stage.watch()).toBe('resting')
  stage.pass(20 * HOUR)
  expect(await stage.watch()).toBe('intact')
  const { night } = await stage.man.keeper.night('production')
  expect(night).toMatchObject({ phase: 'over', rows: 112, last: { rows: 112, found: 0 } })
})

test('without digests the chains alone are walked, and it says so', async () => {
  const stage = await auditStage()
  expect(await stage.watch()).toBe('intact')
  await stage.write('pricing')
  await stage.note()
  expect(await stage.night()).toBe('intact')
  expect((await stage.said())?.notes).toBe('3 rows are as they were written; there is no digest to hold it against')
})

test('two that check at once do it once', async () => {
  const stage = await auditStage()
  await stage.live(3)
  const came = await Promise.all([stage.watch(), stage.watch()])
  expect(came.sort()).toEqual(['going-on', 'intact'])
  expect((await stage.rows('a!')).filter(({ kind }) => kind === 'audit-verified')).toHaveLength(1)
})

const flip = (row: TableRow) => ({ ...row, notes: 'nothing happened', parts: 1 })
/** A row's place in the lists is its key; its time and number stand in it. */
const keyed = (row: TableRow, key: string) => ({ ...row, rowKey: key })

type Stage = Awaited<ReturnType<typeof auditStage>>
const ofPricing = async (stage: Stage) => (await stage.rows('a!')).filter(({ service }) => service === 'pricing')

/** One audit of a day and more for all who tamper with it; what they did is undone after each. */
let shared: Stage
beforeAll(async () => {
  shared = await auditStage()
  await shared.live(30)
}, 60_000)
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

/** Each is done to a row that lies `place` rows from the newest of its chain. */
const TAMPERINGS: readonly [string, (stage: Stage, rows: TableRow[], place: number) => Promise<unknown>, RegExp][] = [
  ['flipped', async (stage, rows, place) => put(stage, flip(rows[place] as TableRow)), /it was changed/],
  ['deleted', async (stage, rows, place) => drop(stage, rows[place] as TableRow), /is missing/],
  [
    'inserted',
    async (stage, rows, place) => {
      const row = rows[place] as TableRow
      const [, time = '', name = '', number = ''] = row.rowKey.split('!')
      await put(stage, keyed(row, `a!${String(Number(time) - 7).padStart(13, '0')}!${name}!${number}`))
    },
    /belongs/,
  ],
  [
    'reordered',
    async (stage, rows, place) => {
      const [one, other] = [rows[place] as TableRow, rows[place + 1] as TableRow]
      await put(stage, keyed(one, other.rowKey))
      await put(stage, keyed(other, one.rowKey))
    },
    /order|changed/,
  ],
]

test.each(
  TAMPERINGS.flatMap(([what, tamper, because]) => [0, 3, 12, 28].map((place) => ({ what, tamper, because, place }))),
)('by night it is found that a row is $what, $place rows from the newest', async ({ tamper, because, place }) => {
  const stage = shared
  await tamper(stage, await ofPricing(stage), place)
  expect(await stage.night()).toBe('broken')
  const said = await stage.said()
  expect(said).toMatchObject({ kind: 'audit-broken', metric: 'audit', actor: 'slipway' })
  expect(JSON.stringify(said?.detail)).toMatch(because)
  expect(said?.notes).toMatch(/^the audit is not as it was written: production\/pricing#\d+: /)
})

test('rows that were cut off with their head put back are found, and so is a chain that is gone whole', async () => {
  const stage = await auditStage()
  await stage.live(3)
  const [before] = await stage.rows('s!pricing')
  await stage.live(30)
  const rows = await ofPricing(stage)
  for (const row of rows.slice(0, 30)) await drop(stage, row)
  await put(stage, before as TableRow)
  expect(await stage.night()).toBe('broken')
  expect((await stage.said())?.notes).toContain('production/pricing#33: the chain went back: it ends at row 3 now')
  for (const row of [...rows.slice(30), ...(await stage.rows('s!pricing'))]) await drop(stage, row)
  expect(await stage.night()).toBe('broken')
  expect((await stage.said())?.notes).toContain('it ends at row 0 now')
})

test('a row that was slipped in far from its time, or under a name of no chain, is found', async () => {
  for (const more of [{}, { entityId: 'production/ghost', id: 'production/ghost#4', service: 'ghost' }]) {
    const stage = shared
    const rows = await ofPricing(stage)
    const [row, old] = [rows[3] as TableRow, rows[28] as TableRow]
    const [, time = ''] = old.rowKey.split('!')
    const [, , name = '', number = ''] = row.rowKey.split('!')
    await put(stage, { ...row, ...more, happenedAt: old.happenedAt, rowKey: `a!${time}!${name}!${number}` })
    expect(await stage.night()).toBe('broken')
    expect((await stage.said())?.notes).toContain('its number and its time do not go together')
  }
})

test.each([
  ['taken out', async (stage: Stage, [row]: TableRow[]) => drop(stage, row as TableRow), /digest-10: it is missing/],
  [
    'changed',
    async (stage: Stage, [row]: TableRow[]) =>
      put(stage, { ...row, json0: String(row?.json0).replace('"number":10', '"number":10.0') } as TableRow),
    /^$/,
  ],
  [
    'made to say more',
    async (stage: Stage, [row]: TableRow[]) =>
      put(stage, { ...row, json0: String(row?.json0).replace('"seq":10', '"seq":9') } as TableRow),
    /digest-10: what it says does not give its hash/,
  ],
  [
    'of another environment',
    async (stage: Stage, [row]: TableRow[]) =>
      put(stage, {
        ...row,
        json0: String(row?.json0).replace('"environment":"production"', '"environment":"staging"'),
      } as TableRow),
    /it is a digest of staging/,
  ],
] as const)('a digest in the middle that is %s is told by its number', async (_, tamper, notes) => {
  const stage = shared
  const digests = (await stage.rows('g!')).filter(({ number }) => number === 10)
  await tamper(stage, digests)
  const isSame = notes.source === '^$'
  expect(await stage.night()).toBe(isSame ? 'intact' : 'broken')
  if (!isSame) expect((await stage.said())?.notes).toMatch(notes)
})

test('a newest digest that nobody signed who is known is told', async () => {
  const stage = await auditStage()
  await stage.live(3)
  for (const [verdict, because] of [
    ['unknown', 'no key that is known vouches for it (pen)'],
    ['bad', 'its signature is not over what it says'],
  ] as const) {
    const verify = stage.man.verify
    Object.assign(stage.man, { verify: () => verdict })
    expect(await stage.night()).toBe('broken')
    expect((await stage.said())?.notes).toContain(`production#digest-3: ${because}`)
    Object.assign(stage.man, { verify })
  }
})
