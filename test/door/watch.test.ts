import { expect, test } from 'vitest'
import { problem } from '../../lib/door/problem.ts'
import { type Sight, type Watching, watched } from '../../lib/door/watch.ts'

/** Waiting that looks three times, without time. */
const watching: Watching = {
  look: (_, read) => read(),
  until: async (_, look, isNews) => {
    for (let looks = 0; looks < 3; looks++) {
      const seen = await look()
      if (isNews(seen)) return { kind: 'news', seen }
    }
    return { kind: 'over' }
  },
}

/** Sights that follow each other; the last one stays. */
function sights(...all: readonly Sight[]) {
  let next = 0
  return async () => all[Math.min(next++, all.length - 1)] as Sight
}
const sight = (etag: string): Sight => ({ etag, body: { etag } })
const ask = (headers: Record<string, string>, read: () => Promise<Sight>, way = watching) =>
  watched(new Headers(headers), way, 'key', read)
const WAIT = { 'if-none-match': 'W/"a"', prefer: 'wait=5' }

test('what the caller has not is answered at once, with its tag', async () => {
  const answer = await ask({ prefer: 'wait=5' }, sights(sight('W/"a"')))
  expect(answer).toEqual({ jsonBody: { etag: 'W/"a"' }, headers: { etag: 'W/"a"' } })
})

test('what they have is 304 at once where they would not wait', async () => {
  expect(await ask({ 'if-none-match': 'W/"a"' }, sights(sight('W/"a"')))).toEqual({
    status: 304,
    headers: { etag: 'W/"a"' },
  })
})

test('who waits is answered with the news, and told that it was waited for', async () => {
  const answer = await ask(WAIT, sights(sight('W/"a"'), sight('W/"a"'), sight('W/"b"')))
  expect(answer).toEqual({ jsonBody: { etag: 'W/"b"' }, headers: { etag: 'W/"b"', 'preference-applied': 'wait=5' } })
})

test('without news it is 304 after the time; where nobody else can wait, at once and without Preference-Applied', async () => {
  const same = sights(sight('W/"a"'))
  expect(await ask(WAIT, same)).toEqual({ status: 304, headers: { etag: 'W/"a"', 'preference-applied': 'wait=5' } })
  const full: Watching = { ...watching, until: async () => ({ kind: 'full' }) }
  expect(await ask(WAIT, same, full)).toEqual({ status: 304, headers: { etag: 'W/"a"' } })
})

test('what cannot be shown, or can be no more, is refused', async () => {
  const gone = problem(404, 'not-found', 'gone')
  await expect(ask({}, sights(gone))).rejects.toMatchObject({ problem: gone })
  await expect(ask(WAIT, sights(sight('W/"a"'), gone))).rejects.toMatchObject({ problem: gone })
})
