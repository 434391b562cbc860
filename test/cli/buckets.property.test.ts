import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readBuckets } from '../../cli/bucket-file.ts'
import type { Series } from '../../lib/core/replay/feed.ts'
import { aPlan, walk } from '../core/replay-scene.ts'

const TWO =
  '{ warmUp: 0s, kpis: [ { name: errors, errorRate: { limit: 1% } }, { name: p95, latency: { percentile: 95, limit: 200ms } } ] }'
const PLAN = aPlan('[ { setWeight: 10 }, { bake: 15m } ]', TWO)

interface Row {
  readonly minute: number
  readonly kpi: string
  readonly arm: string
  readonly bad: number
  readonly total: number
}

const COLUMNS = ['minute', 'kpi', 'arm', 'bad', 'total'] as const
const MINUTES = 20

const count = fc
  .tuple(fc.constantFrom(0, 0, 1, 3, 40), fc.integer({ min: 40, max: 400 }))
  .map(([bad, total]) => ({ bad, total }))

/** All rows of a file: some are missing, each is one of its place. */
const rows = fc
  .array(fc.option(count, { freq: 9 }), { minLength: MINUTES * 4, maxLength: MINUTES * 4 })
  .map((counts) =>
    counts.flatMap((one, index): readonly Row[] => {
      const [kpi, arm] = [index % 2 === 0 ? 'errors' : 'p95', index % 4 < 2 ? 'canary' : 'baseline']
      return one === null ? [] : [{ minute: Math.floor(index / 4), kpi, arm, ...one }]
    }),
  )
  .filter((all) => all.some(({ arm }) => arm === 'canary'))

/** A row in two: the replica that had `bad` and `total` of it, and the rest. */
function split(row: Row, share: number): readonly Row[] {
  const bad = Math.floor(row.bad * share)
  const good = Math.floor((row.total - row.bad) * share)
  const part = { ...row, bad, total: bad + good }
  return [part, { ...row, bad: row.bad - part.bad, total: row.total - part.total }]
}

function csv(all: readonly Row[], columns: readonly (keyof Row)[] = COLUMNS): string {
  return [columns, ...all.map((row) => columns.map((column) => row[column]))].map((cells) => cells.join(',')).join('\n')
}

function read(text: string): { readonly series: Series; readonly notes: readonly string[] } {
  const answer = readBuckets(text, 'b.csv', PLAN)
  if (!answer.ok) throw new Error(answer.issues.join('\n'))
  return answer
}

test('the order of rows and columns changes nothing', () => {
  const shuffled = rows.chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc.shuffledSubarray([...all], { minLength: all.length }),
      fc.shuffledSubarray([...COLUMNS], { minLength: 5 }),
    ),
  )
  const property = fc.property(shuffled, ([all, mixed, columns]) => {
    const [plain, other] = [read(csv(all)), read(csv(mixed, columns))]
    expect(other).toEqual(plain)
    expect(walk(PLAN, other.series)).toEqual(walk(PLAN, plain.series))
  })
  fc.assert(property, { numRuns: 100 })
})

test('splitting the counts of a minute between replicas changes nothing, and a note tells how many rows were added', () => {
  const shares = fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true })), {
    minLength: MINUTES * 4,
    maxLength: MINUTES * 4,
  })
  const parted = fc.tuple(rows, shares).chain(([all, cuts]) => {
    const parts = all.flatMap((row, index) => {
      const share = cuts[index] ?? null
      return share === null ? [row] : split(row, share)
    })
    return fc.tuple(fc.constant(all), fc.shuffledSubarray([...parts], { minLength: parts.length }))
  })
  const property = fc.property(parted, ([all, parts]) => {
    const [plain, other] = [read(csv(all)), read(csv(parts))]
    expect(other.series).toEqual(plain.series)
    expect(walk(PLAN, other.series)).toEqual(walk(PLAN, plain.series))
    const added = parts.length - all.length
    const told = added === 1 ? '1 row was added' : `${added} rows were added`
    expect(other.notes).toEqual(added === 0 ? [] : [expect.stringContaining(told)])
  })
  fc.assert(property, { numRuns: 100 })
})
