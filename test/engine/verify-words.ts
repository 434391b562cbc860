import { verifyChain, verifyStanding } from '../../lib/engine/audit-verify.ts'
import { HOUR } from '../support/builders.ts'
import { type AuditWorld, auditWorld } from './audit-world.ts'
import { plain } from './words.ts'

const DAY = 24 * HOUR

type Scene = (here: AuditWorld) => Promise<unknown>
type Verdict = Awaited<ReturnType<typeof verifyChain>>

/** A verdict with its mark in plain words; what it goes on from is given back. */
async function told(here: AuditWorld, said: string, work: () => Promise<Verdict>): Promise<string | null> {
  let mark: string | null = null
  await here.ask(said, async () => {
    const verdict = await work()
    mark = verdict?.next ?? null
    return verdict === null ? null : { ...verdict, next: mark === null ? null : JSON.parse(textOf(mark)) }
  })
  return mark
}

const textOf = (mark: string) => Buffer.from(mark, 'base64url').toString()
const chainOf = (service: string | null) => ({ environment: 'production', service })
const verify = (here: AuditWorld, service: string | null, from: string | null = null, budgetMs = HOUR) => {
  const cut = here.cuts.at(-1) ?? null
  const work = () => verifyChain(here.wheel, here.man.log, chainOf(service), from, budgetMs, cut)
  return told(here, `verify ${service ?? 'the environment'}${from === null ? '' : ', going on'}`, work)
}
const standing = (here: AuditWorld, service: string | null) =>
  told(here, `verify ${service} by the newest cut`, () =>
    verifyStanding(here.wheel, here.man, chainOf(service), null, HOUR),
  )
const flip = <T extends object>(row: T) => ({ ...row, notes: 'nothing happened' })

/** Digests of 160 days, of which the first may be cut at. */
const old = (here: AuditWorld) => {
  here.state.now -= 160 * DAY
  here.live(4, 40 * DAY)
}

export const SCENES: Readonly<Record<string, Scene>> = {
  'there is no such service': (here) => verify(here, 'nobody'),
  'nothing was ever written': (here) => verify(here, null),
  'a chain is whole': async (here) => {
    here.write('pricing')
    here.write(null)
    here.state.now += HOUR
    here.write('pricing')
    await verify(here, 'pricing')
    await verify(here, null)
  },
  'a page each call': async (here) => {
    for (let n = 0; n < 3; n += 1) here.write('pricing')
    Object.assign(here.state, { mostRows: 1, eachPageMs: 1_000 })
    const first = await verify(here, 'pricing', null, 1_000)
    const second = await verify(here, 'pricing', first, 0)
    await verify(here, 'pricing', second)
    await verify(here, 'pricing', null, 1_001)
  },
  'a row came before its turn where a page ends': async (here) => {
    for (const later of [0, 2, -1]) {
      here.state.now += later
      here.write('pricing')
    }
    here.state.mostRows = 1
    await verify(here, 'pricing', null, 0)
  },
  'a row was changed': async (here) => {
    for (let n = 0; n < 3; n += 1) here.write('pricing')
    here.spoil('pricing', 2, flip)
    await verify(here, 'pricing')
  },
  'a row was changed, and there are more pages': async (here) => {
    for (let n = 0; n < 3; n += 1) here.write('pricing')
    here.spoil('pricing', 3, flip)
    here.state.mostRows = 1
    await verify(here, 'pricing')
  },
  'the first row is gone': async (here) => {
    for (let n = 0; n < 3; n += 1) here.write('pricing')
    here.spoil('pricing', 1, () => null)
    await verify(here, 'pricing')
  },
  'the newest row is gone': async (here) => {
    for (let n = 0; n < 3; n += 1) here.write('pricing')
    here.spoil('pricing', 3, () => null)
    await verify(here, 'pricing')
  },
  'a row stands behind the head': async (here) => {
    here.write('pricing')
    const head = here.heads.get('production/pricing')
    here.write('pricing')
    if (head !== undefined) here.heads.set('production/pricing', head)
    await verify(here, 'pricing')
  },
  'a row is written while the chain is walked': async (here) => {
    here.write('pricing')
    const { page } = here.man.log
    let isFirst = true
    Object.assign(here.man.log, {
      page: async (query: Parameters<typeof page>[0]) => {
        if (isFirst) here.write('pricing')
        isFirst = false
        return page(query)
      },
    })
    await verify(here, 'pricing')
  },
  'a service is gone while its chain is walked': async (here) => {
    here.write('pricing')
    const head = here.heads.get('production/pricing')
    here.write('pricing')
    if (head !== undefined) here.heads.set('production/pricing', head)
    const { page } = here.man.log
    Object.assign(here.man.log, {
      page: async (query: Parameters<typeof page>[0]) => {
        here.unread.add('pricing')
        return page(query)
      },
    })
    await verify(here, 'pricing')
  },
  'older rows were removed': async (here) => {
    old(here)
    here.cutAt(1)
    here.spoil('pricing', 1, () => null)
    await verify(here, 'pricing')
    await standing(here, 'pricing')
    await standing(here, 'nobody')
  },
  'all rows were removed': async (here) => {
    here.state.now -= 160 * DAY
    here.live(1)
    here.state.now += 159 * DAY
    here.digest()
    here.cutAt(1)
    here.spoil('pricing', 1, () => null)
    await verify(here, 'pricing')
    await verify(here, null)
    here.heads.set('production/pricing', { entityId: 'production/pricing', seq: 1, hash: 'f'.repeat(64) })
    await verify(here, 'pricing')
  },
  'rows were removed, and the cut is not sound': async (here) => {
    old(here)
    here.cuts.push({ ...here.cutAt(1), retentionDays: 91 })
    here.spoil('pricing', 1, () => null)
    await standing(here, 'pricing')
  },
  'rows are removed while the chain is walked': async (here) => {
    old(here)
    const { page } = here.man.log
    Object.assign(here.man.log, {
      page: async (query: Parameters<typeof page>[0]) => {
        if (here.cuts.length === 0) {
          here.cutAt(1)
          here.spoil('pricing', 1, () => null)
        }
        return page(query)
      },
    })
    await standing(here, 'pricing')
  },
}

const MARK = {
  entityId: 'production/pricing',
  walk: { seq: 1, hash: 'f', rows: 1, top: 2, base: { seq: 0, hash: '0' }, last: { seq: 2, happenedAt: 9 }, early: [] },
  page: '1',
  head: null,
}
const markOf = (changes: object, walk: object = {}) =>
  Buffer.from(JSON.stringify({ ...MARK, walk: { ...MARK.walk, ...walk }, ...changes })).toString('base64url')

/** Marks that are of no walk of the chain of `pricing`, by what is wrong with them; the last is one. */
export const MARKS: Readonly<Record<string, string>> = {
  'is no JSON': 'xx',
  'is empty': '',
  'is of another chain': markOf({ entityId: 'production/basket' }),
  'has no walk': markOf({ walk: undefined }),
  'has no page': markOf({ page: null }),
  'has no number of the next row': markOf({}, { seq: 0.5 }),
  'has no count': markOf({}, { rows: null }),
  'has no top': markOf({}, { top: '2' }),
  'has no number where it begins': markOf({}, { base: { seq: null, hash: '0' } }),
  'has no time of the last row': markOf({}, { last: { seq: 2, happenedAt: 'x' } }),
  'has no hash': markOf({}, { hash: 7 }),
  'has no list of early rows': markOf({}, { early: {} }),
  'has an early row that is none': markOf({}, { early: [null] }),
  'has an early row without a number': markOf({}, { early: [{}] }),
  'is one': markOf({}),
  'is one with an early row': markOf({}, { early: [{ seq: 5 }] }),
  'is one of the first page': markOf({}, { last: null }),
}

/** What walking chains reads and answers, a line each. */
export async function toldOfVerifying(scene: Scene): Promise<readonly string[]> {
  const here = auditWorld()
  await scene(here)
  return here.lines
}

/** The mark of a walk whose log gives this mark of its own for the second page, and what is asked for with it. */
export async function markWith(token: string) {
  const here = auditWorld()
  const asked: unknown[] = []
  for (let n = 0; n < 2; n += 1) here.write('pricing')
  const { page } = here.man.log
  const log: typeof here.man.log = {
    page: async (query) => {
      asked.push(query.from)
      const from = query.from === null ? null : '1'
      const { items, next } = await page({ ...query, from, limit: 1 })
      return { items, next: next === null ? null : token }
    },
  }
  const walk = (from: string | null) => verifyChain(here.wheel, log, chainOf('pricing'), from, 0)
  const mark = (await walk(null))?.next ?? ''
  const rest = await walk(mark)
  return { mark, asked, intact: rest?.intact, rows: rest?.rows }
}

/** What is said to somebody who goes on from a mark. */
export async function saidOf(mark: string): Promise<string> {
  const here = auditWorld()
  here.write('pricing')
  await verify(here, 'pricing', mark)
  return here.lines.at(-1) ?? plain(null)
}
