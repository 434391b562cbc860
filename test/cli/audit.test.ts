import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AuditDraft } from '../../lib/core/audit.ts'
import { GENESIS, seal } from '../../lib/core/chain.ts'
import { csv, type PresentedRow, presented } from '../../lib/core/export.ts'
import { said, withFiles } from './run.ts'
import { aList, anEvidence, aService, aView, type Received, type Reply, withStub } from './stub.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function aDraft(notes: string, more: Partial<AuditDraft> = {}): AuditDraft {
  const none = { value: null, rollout: 'pricing-7', step: null, weightsBefore: null, weightsAfter: null, detail: null }
  return { kind: 'step-started', metric: 'none', notes, actor: 'slipway', evidence: [], ...none, ...more }
}

const DRAFTS = [
  aDraft('=it began'),
  aDraft('it went on, "well"', { evidence: [anEvidence()], step: 1, value: 0.1 }),
  aDraft('it ended', { actor: 'ada' }),
]
const KEY = { environment: 'production', name: 'pricing' }
const ROWS = seal(
  { key: KEY, chain: { seq: 0, hash: GENESIS } },
  DRAFTS,
  Date.parse('2026-11-21T10:00:00.123Z'),
  sha256,
).rows
const SHOWN: readonly PresentedRow[] = ROWS.map(presented).reverse()

/** A service whose audit has these rows, two to a page, and whose verdict on it is this. */
function audited(rows: readonly PresentedRow[], verdict: Readonly<Record<string, unknown>> = {}) {
  const head = { id: ROWS[2]?.id, hash: ROWS[2]?.hash, happenedAt: SHOWN[0]?.happenedAt }
  return aService(aView(), ({ path, query }: Received): Reply | null => {
    if (path === '/v1/audit/verify' && query.get('service') === null) return { status: 404, body: 'no such chain' }
    if (path === '/v1/audit/verify')
      return {
        body: { entityId: 'production/pricing', intact: true, rows: 3, head, broken: null, nextLink: null, ...verdict },
      }
    if (path !== '/v1/audit') return null
    const from = Number(query.get('from') ?? 0)
    return { body: aList(rows.slice(from, from + 2), from + 2 < rows.length ? `/api/v1/audit?from=${from + 2}` : null) }
  })
}

test('verify walks the chain on this machine and finds it unbroken', async () => {
  await withStub(audited(SHOWN), async ({ run }) => {
    const answer = await run(['audit', 'verify'])
    expect(answer).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^✔ production\/pricing: 3 rows, unbroken, head [0-9a-f]{12}/),
    })
    const told = JSON.parse((await run(['audit', 'verify', '--service', 'pricing', '--json'])).out)
    expect(told.items).toMatchObject([
      { entityId: 'production/pricing', rows: 3, intact: true, broken: null, service: { intact: true } },
    ])
  })
})

test.each([
  [
    'changed',
    SHOWN.map((row, at) => (at === 1 ? { ...row, notes: 'it went elsewhere' } : row)),
    '#2',
    'it was changed',
  ],
  ['taken out', SHOWN.filter((_, at) => at !== 1), '#2', 'row 2 is missing'],
  ['cut off at the end', SHOWN.slice(1), '#3', 'row 3 is missing'],
  ['cut off at the beginning', SHOWN.slice(0, 2), '#1', 'row 1 is missing'],
])('verify finds a row that was %s, though the service says that all is well', async (_, rows, id, says) => {
  await withStub(audited(rows), async ({ run }) => {
    const answer = await run(['audit', 'verify'])
    expect(answer.code).toBe(1)
    expect(answer.out).toContain(`broken at production/pricing${id}`)
    expect(answer.out).toContain(says)
  })
})

test('verify tells when the service itself says that a chain is broken', async () => {
  const broken = { id: 'production/pricing#2', because: 'its hash is not right' }
  await withStub(audited(SHOWN, { intact: false, broken }), async ({ run }) => {
    expect(await run(['audit', 'verify'])).toMatchObject({
      code: 1,
      out: expect.stringContaining('the service says: its hash is not right'),
    })
  })
})

test('export gives every page as the API’s own CSV, or as JSON lines', async () => {
  await withStub(audited(SHOWN), async ({ run }) => {
    const answer = await run(['audit', 'export'])
    expect(answer).toMatchObject({ code: 0, out: csv([...ROWS].reverse()), err: '3 rows\n' })
    expect(answer.out).toContain("'=it began")
    const lines = (await run(['audit', 'export', '--format', 'jsonl'])).out.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(SHOWN)
  })
})

test('export makes a new file and never writes over one', async () => {
  await withFiles({ 'old.csv': 'keep me' }, async (path) => {
    await withStub(audited(SHOWN), async ({ run }) => {
      expect(await run(['audit', 'export', '-o', path('new.csv')])).toMatchObject({
        code: 0,
        out: '',
        err: `3 rows in ${path('new.csv')}\n`,
      })
      expect(await readFile(path('new.csv'), 'utf8')).toBe(csv([...ROWS].reverse()))
      const refused = await run(['audit', 'export', '-o', path('old.csv')])
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('exists already; name another file') })
      expect(await readFile(path('old.csv'), 'utf8')).toBe('keep me')
    })
  })
})

test('explain tells one row with its evidence and hash, or a rollout oldest first', async () => {
  await withStub(audited(SHOWN), async ({ run }) => {
    const row = await run(['audit', 'explain', 'production/pricing#2'])
    expect(row.code).toBe(0)
    const text = row.out.replaceAll(/\s+/g, ' ')
    expect(text).toContain('Who Slipway itself')
    expect(text).toContain('p95: 3.1 % against a limit of 5 %, 31 bad of 1000')
    expect(text).toContain(`Hash ${ROWS[1]?.hash} After it ${ROWS[0]?.hash}`)
    const rollout = await run(['audit', 'explain', 'pricing-7'])
    expect(rollout.out.match(/^#\d/gm)).toEqual(['#1', '#2', '#3'])
    expect(await run(['audit', 'explain', 'production/pricing#9'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('has no row'),
    })
    expect(await run(['audit', 'explain', 'what#1x'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('looks like production/pricing#21'),
    })
  })
})

test('filters are sent as the API has them, and moments may be told as how long ago', async () => {
  await withStub(audited(SHOWN), async ({ run, received }) => {
    await run(['audit', 'list', '--rollout', 'pricing-7', '--since', '24h', '--until', '2026-11-22', '--limit', '1'])
    const query = Object.fromEntries(received.find(({ path }) => path === '/v1/audit')?.query ?? [])
    expect(query).toMatchObject({
      environment: 'production',
      service: 'pricing',
      rollout: 'pricing-7',
      until: '2026-11-22T00:00:00.000Z',
      limit: '1',
    })
    expect(Math.abs(Date.parse(query.since ?? '') - (Date.now() - 86_400_000))).toBeLessThan(3_600_000)
    expect(await run(['audit', 'list', '--since', 'yesterday'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('how long ago'),
    })
  })
})

test('where several environments are, one must be named', async () => {
  const two = ({ path }: Received) =>
    path === '/v1/services' ? { body: aList([aView(), aView({ environment: 'staging' })]) } : null
  await withStub(two, async ({ run }) => {
    expect(await run(['audit', 'list'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('there are production, staging'),
    })
  })
})

test('a reader that has seen enough ends an export without a word', async () => {
  await withStub(audited(SHOWN), async ({ url }) => {
    const line = `"${process.execPath}" cli/slipway.mjs audit export | head -n 1`
    const env = { ...process.env, SLIPWAY_URL: url, SLIPWAY_TOKEN: 'some-token' }
    const answer = await said('sh', ['-c', line], { env, cwd: join(import.meta.dirname, '..', '..') })
    expect(answer.out).toMatch(/^id,happenedAt/)
    expect(answer.err).not.toContain('EPIPE')
  })
})
