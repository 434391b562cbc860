import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestIssuer, type TestIssuer } from '../support/tokens.ts'
import { manifest } from './manifests.ts'
import { all, errorsOf, expectProblem, itemsOf, linkOf, openScene, type Scene } from './scene.ts'

interface Row {
  readonly id: string
  readonly seq: number
  readonly happenedAt: string
  readonly actor: string
  readonly notes: string
  readonly sentence: string
  readonly previousHash: string
  readonly hash: string
}

const FORMULA = '=HYPERLINK("https://evil.example.com";"click, me")'
const ACTORS = ['Ada', FORMULA, '+1', '-1', '@SUM(A1)', 'Grace "the admiral" Hopper']
const VERSIONS = 12

let scene: Scene
let issuer: TestIssuer

/** Rows come from manifests stored again and again, by a person and by apps with odd names. */
beforeAll(async () => {
  issuer = await createTestIssuer()
  scene = await openScene([manifest({ name: 'safety' })], issuer.settings, () => issuer.token())
  for (let version = 1; version <= VERSIONS; version++) {
    const text = manifest({ name: 'pricing' }).replace('200ms', `${200 + version}ms`)
    const name = ACTORS[version % ACTORS.length] ?? ''
    // People stand in the audit under pseudonyms, apps by their names.
    const who = name === 'Ada' ? { name } : { machine: true, claims: { app_displayname: name } }
    const authorization = `Bearer ${await issuer.token(who)}`
    const { status } = await scene.put('pricing', text, { authorization, ...(version > 1 ? { 'if-match': '*' } : {}) })
    expect(status).toBe(version === 1 ? 201 : 200)
  }
})

afterAll(async () => {
  await scene?.close()
  await issuer?.close()
})

const PRICING = '/v1/audit?environment=production&service=pricing'
const rowsOf = async (path: string) => (await all(scene.api, path)) as readonly Row[]

test('paging shows every row once, newest first, whatever the size of a page', async () => {
  const whole = await rowsOf(`${PRICING}&limit=100`)
  expect(whole.map(({ seq }) => seq)).toEqual(Array.from({ length: VERSIONS }, (_, index) => VERSIONS - index))
  for (const limit of [1, 5, 7, VERSIONS]) {
    expect((await rowsOf(`${PRICING}&limit=${limit}`)).map(({ id }) => id)).toEqual(whole.map(({ id }) => id))
  }
  const first = await scene.api(`${PRICING}&limit=5`)
  expect(itemsOf(first)).toHaveLength(5)
  expect(first.json?.nextLink).toMatch(/^\/api\/v1\/audit\?environment=production&service=pricing&limit=5&from=[\w-]+$/)
})

test('a row written while somebody pages does not shift the pages behind it', async () => {
  const first = await scene.api('/v1/audit?environment=production&service=safety&limit=1')
  expect(itemsOf(first)).toMatchObject([{ seq: 1 }])
  const middle = await scene.api(`${PRICING}&limit=6`)
  await scene.put('pricing', manifest({ name: 'pricing' }).replace('200ms', '999ms'), { 'if-match': '*' })
  const rest = await rowsOf(linkOf(middle) ?? '')
  expect(rest.map(({ seq }) => seq)).toEqual([6, 5, 4, 3, 2, 1])
})

test('every row is a sentence too, with an ISO time, and the rows of a service are one chain', async () => {
  const rows = await rowsOf(PRICING)
  for (const row of rows) {
    expect(row.happenedAt).toBe(new Date(row.happenedAt).toISOString())
    expect(row.sentence).toContain(`production/pricing: manifest version ${row.seq} was stored`)
    const isPerson = row.actor.startsWith('person:')
    expect(row.sentence).toContain(isPerson ? '[by Ada]' : `[by ${row.actor}]`)
  }
  const oldestFirst = [...rows].reverse()
  for (const [index, row] of oldestFirst.entries()) {
    if (index > 0) expect(row.previousHash).toBe(oldestFirst[index - 1]?.hash)
  }
})

test('kind leaves rows of that kind only, and a slip of the pen is told', async () => {
  const every = await rowsOf(PRICING)
  expect(await rowsOf(`${PRICING}&kind=manifest-stored`)).toEqual(every)
  expect(await rowsOf(`${PRICING}&kind=step-started`)).toEqual([])
  const slip = await scene.api(`${PRICING}&kind=step-startd`)
  expect(slip).toMatchObject({ status: 422 })
  expect(slip.text).toContain('Did you mean `step-started`?')
})

test('since and until cut the audit in time: from inclusive, to exclusive', async () => {
  const rows = await rowsOf(PRICING)
  const at = rows[3]?.happenedAt ?? ''
  const ids = async (more: string) => (await rowsOf(`${PRICING}&${more}=${encodeURIComponent(at)}`)).map(({ id }) => id)
  expect(await ids('since')).toEqual(rows.filter(({ happenedAt }) => happenedAt >= at).map(({ id }) => id))
  expect(await ids('until')).toEqual(rows.filter(({ happenedAt }) => happenedAt < at).map(({ id }) => id))
})

test('as CSV there is a header, a line a row, quotes where they belong, and no cell that acts as a formula', async () => {
  const answer = await scene.api(`${PRICING}&format=csv&limit=100`)
  expect(answer).toMatchObject({ status: 200 })
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(answer.headers.get('link')).toBeNull()
  const [header = [], ...lines] = table(answer.text)
  expect(header.slice(0, 6)).toEqual(['id', 'happenedAt', 'entityId', 'metric', 'value', 'notes'])
  const rows = await rowsOf(`${PRICING}&limit=100`)
  expect(lines.map(([id]) => id)).toEqual(rows.map(({ id }) => id))
  expect(lines.every((line) => line.length === header.length)).toBe(true)
  const actors = lines.map((line) => line[header.indexOf('actor')])
  expect(actors).toEqual(rows.map(({ actor }) => (/^[=+\-@]/.test(actor) ? `'${actor}` : actor)))
  expect(actors).toContain(`'${FORMULA}`)
  expect(lines.flat().filter((cell) => /^[=+@\t\r]/.test(cell) || /^-\D/.test(cell))).toEqual([])
})

test('CSV too comes page by page, with the next page in the Link header', async () => {
  const ids: string[] = []
  let path: string | null = `${PRICING}&format=csv&limit=5`
  while (path !== null) {
    const answer = await scene.api(path)
    ids.push(
      ...table(answer.text)
        .slice(1)
        .map(([id = '']) => id),
    )
    const link: string | undefined = /^<\/api(.+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
    path = link ?? null
  }
  expect(ids).toEqual((await rowsOf(`${PRICING}&limit=100`)).map(({ id }) => id))
})

test.each([
  ['service=pricing', 'environment', /./],
  ['environment=production&limit=0', 'limit', /from 1 to 100/],
  ['environment=production&limit=1000', 'limit', /from 1 to 100/],
  ['environment=production&since=yesterday', 'since', /is no moment/],
  ['environment=production&since=2026-01-02&until=2026-01-01', 'until', /later than `since`/],
  ['environment=production&format=xml', 'format', /`json` or `csv`/],
  ["environment=production'%20or%20'1'%20eq%20'1", 'environment', /no valid name/],
  ['environment=production&service=pricing&service=safety', 'service', /./],
  ['environment=production&rollout=everything', 'rollout', /no rollout id/],
])('a query that is wrong (%s) is answered 422 with what is wrong where', async (query, path, message) => {
  const answer = await scene.api(`/v1/audit?${query}`)
  expectProblem(answer, 422, 'invalid', 'The query is not valid.')
  expect(errorsOf(answer)).toContainEqual({ path, message: expect.stringMatching(message) })
})

test.each([['environment=production&servce=pricing', /Did you mean `service`/]])(
  'a query whose names are wrong (%s) is answered 400',
  async (query, because) => {
    expectProblem(await scene.api(`/v1/audit?${query}`), 400, 'bad-request', because)
  },
)

test('no secret stands in any answer, event, audit row or log line of all this', () => scene.expectNoSecrets())

/** Reads CSV by RFC 4180: lines end with CRLF, quotes are doubled within quotes. */
function table(text: string): readonly (readonly string[])[] {
  expect(text.endsWith('\r\n')).toBe(true)
  const lines: string[][] = [[]]
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    lines.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === '\r\n') lines.push([])
  }
  return lines.slice(0, -1)
}
