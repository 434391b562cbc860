import { setImmediate as soon } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createAzureLogs } from '../../../lib/adapters/metrics/azure-logs.ts'
import type { LogsAnswer } from '../../../lib/adapters/metrics/azure-logs-answer.ts'
import { createPortions } from '../../../lib/adapters/metrics/azure-logs-portions.ts'
import { LOG_COLUMNS } from '../../../lib/adapters/metrics/azure-logs-query.ts'
import type { Query } from '../../../lib/core/judge/reading.ts'
import { query } from './queries.ts'

const EMPTY: LogsAnswer = { status: 'Success', tables: [{ columnDescriptors: LOG_COLUMNS, rows: [] }] }

function crowd(count: number, over: Partial<Query> = {}): readonly Query[] {
  return Array.from({ length: count }, (_, place) =>
    query({ revision: `shop--${String(place).padStart(3, '0')}`, ...over }),
  )
}

/** A source before a client that answers as this says; `texts` has the revisions that each text asked about. */
function sourceOn(answer: (revisions: readonly string[], workspace: string) => Promise<LogsAnswer>) {
  const texts: (readonly string[])[] = []
  const metrics = createAzureLogs({
    client: {
      queryWorkspace: async (workspace, text) => {
        const revisions = [...text.matchAll(/revision\\":\\"([^\\]+)\\"/g)].map(([, name]) => name ?? '')
        texts.push(revisions)
        return answer(revisions, workspace)
      },
    },
    workspaceOf: (environment) => environment,
  })
  const silentOf = async (queries: readonly Query[]) => {
    texts.length = 0
    return (await metrics.read(queries)).filter(({ kind }) => kind === 'missing').length
  }
  return { texts, silentOf }
}

describe('one ask that spoils a text', () => {
  const TOO_MUCH: LogsAnswer = { status: 'PartialFailure', partialError: { code: 'too much' } }
  const spoilt = (revisions: readonly string[]) => revisions.includes('shop--013')

  test('takes half as many neighbours along at each look, until a sixteenth is left', async () => {
    const { texts, silentOf } = sourceOn(async (revisions) => (spoilt(revisions) ? TOO_MUCH : EMPTY))
    const silent: number[] = []
    const sent: number[] = []
    for (let look = 0; look < 7; look++) {
      silent.push(await silentOf(crowd(64)))
      sent.push(texts.length)
    }
    expect(silent).toEqual([64, 32, 16, 8, 4, 4, 4])
    expect(sent).toEqual([1, 2, 4, 8, 16, 16, 16])
  })

  test('is asked with all others again once it spoils nothing any more', async () => {
    let isBad = true
    const { texts, silentOf } = sourceOn(async (revisions) => (isBad && spoilt(revisions) ? TOO_MUCH : EMPTY))
    for (let look = 0; look < 4; look++) await silentOf(crowd(64))
    isBad = false
    const sent: number[] = []
    for (let look = 0; look < 5; look++) {
      expect(await silentOf(crowd(64))).toBe(0)
      sent.push(texts.length)
    }
    expect(sent).toEqual([16, 8, 4, 2, 1])
  })

  test('in another workspace is no reason to ask in portions here', async () => {
    const { texts, silentOf } = sourceOn(async (_, workspace) => (workspace === 'staging' ? TOO_MUCH : EMPTY))
    const queries = [...crowd(8), ...crowd(8, { environment: 'staging' })]
    expect(await silentOf(queries)).toBe(8)
    expect(await silentOf(queries)).toBe(8)
    expect(texts.map((revisions) => revisions.length).sort()).toEqual([4, 4, 8])
  })
})

test('one text holds all that a slice of five hundred rollouts asks, whatever the length of their names', async () => {
  const { texts, silentOf } = sourceOn(async () => EMPTY)
  const revision = (place: number) => `a-name-of-thirty-two-characters-${place % 2}--r${place}-0123456789`.slice(0, 54)
  const queries = Array.from({ length: 1_000 }, (_, place) => query({ revision: revision(place) }))
  expect(await silentOf(queries)).toBe(0)
  expect(texts.map((revisions) => new Set(revisions).size)).toEqual([1_000])
})

test('what is wrong with the workspace is no reason to ask it more often', async () => {
  for (const statusCode of [401, 403, 404, 429, 503]) {
    const { texts, silentOf } = sourceOn(() => Promise.reject(Object.assign(new Error('no'), { statusCode })))
    for (let look = 0; look < 3; look++) {
      expect(await silentOf(crowd(8))).toBe(8)
      expect(texts).toHaveLength(1)
    }
  }
})

test('a look back over more than three hours fails alone', async () => {
  const { texts, silentOf } = sourceOn(async (revisions) => {
    if (revisions.includes('shop--new')) throw Object.assign(new Error('no'), { statusCode: 504 })
    return EMPTY
  })
  const recent = query({ revision: 'shop--a' })
  const atMost = query({ revision: 'shop--b', from: recent.to - 3 * 3_600_000 })
  const first = query({ revision: 'shop--new', from: recent.to - 3 * 3_600_000 - recent.bucketMs })
  expect(await silentOf([first, recent, atMost])).toBe(1)
  expect(texts).toEqual([['shop--a', 'shop--b'], ['shop--new']])
})

test('a workspace is asked five texts at a time, and one that hangs keeps no other waiting', async () => {
  const open = new Map<string, number>()
  const most = new Map<string, number>()
  const done: string[] = []
  const hangs = Promise.withResolvers<LogsAnswer>()
  const metrics = createAzureLogs({
    client: {
      queryWorkspace: async (workspace) => {
        open.set(workspace, (open.get(workspace) ?? 0) + 1)
        most.set(workspace, Math.max(most.get(workspace) ?? 0, open.get(workspace) ?? 0))
        if (workspace === 'slow') return hangs.promise
        await soon()
        open.set(workspace, (open.get(workspace) ?? 0) - 1)
        done.push(workspace)
        return EMPTY
      },
    },
    workspaceOf: (environment) => environment,
    maxChars: 1,
  })
  const slow = metrics.read(crowd(8, { environment: 'slow' }))
  await metrics.read(crowd(8))
  expect(done).toHaveLength(8)
  expect(Object.fromEntries(most)).toEqual({ slow: 5, production: 5 })
  hangs.resolve(EMPTY)
  expect((await slow).map(({ kind }) => kind)).toEqual(Array(8).fill('measured'))
})

test('portions halve from what failed, never below a sixteenth, and double back', () => {
  const portions = createPortions()
  expect(portions.most('w', 0)).toBe(1)
  expect(portions.most('w', 40)).toBe(40)
  portions.note('w', 40, 25)
  expect(portions.most('w', 40)).toBe(13)
  portions.note('w', 40, 1)
  expect(portions.most('w', 40)).toBe(13)
  expect(portions.most('w', 1600)).toBe(100)
  portions.note('w', 40, 0)
  expect(portions.most('w', 40)).toBe(26)
  portions.note('w', 40, 0)
  expect(portions.most('w', 1000)).toBe(1000)
})
