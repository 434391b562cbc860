import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { quarantinePage } from '../../lib/engine/redrive.ts'
import type { Quarantine } from '../../lib/ports.ts'
import { aCaller } from '../support/callers.ts'
import { CASES, PAGES, pagesOf, toldOfRedriving } from './redrive-words.ts'
import { paragraphs } from './words.ts'

const PARTS = paragraphs(readFileSync(join(import.meta.dirname, 'redrive-words.txt'), 'utf8'))

test.each(Object.entries(CASES))('what comes of it where %s, word by word', async (title, scene) => {
  expect(await toldOfRedriving(scene)).toEqual(PARTS.get(title))
})

test('every paragraph is of one of these', () => {
  expect([...PARTS.keys()]).toEqual(Object.keys(CASES))
})

test.each(Object.entries(PAGES))('the list of quarantine shows %s, page by page', async (_, [query, caller, pages]) => {
  expect((await pagesOf(query, caller)).pages).toEqual(pages)
})

test('no more is read for a page than it has room for', async () => {
  expect((await pagesOf({ limit: 2 }, aCaller())).asked).toEqual([2, 2, 1, 2, 1])
})

test.each([
  ['who may see everything', 'everything', 'waits basket gone sent whole elsewhere nowhere'],
  ['somebody of one service', 'what somebody of one service sees', 'basket'],
  ['somebody of one environment', 'what somebody of one environment sees', 'elsewhere'],
])('%s finds by its id what the list shows, and what was dismissed', async (_, title, ids) => {
  const [query, caller] = PAGES[title] ?? [{}, aCaller()]
  expect((await pagesOf(query, caller)).seen).toBe(ids)
})

test.each(['', '3~', '12', 'x1~', ' 0~', '1000~'])('the mark %j is of no list', async (from) => {
  const quarantine = { items: async () => ({ items: [], next: null }) } as unknown as Quarantine
  const query = { scopes: ['production', 'staging', null], service: null, state: null, limit: 5, from }
  await expect(quarantinePage(quarantine, query, aCaller())).rejects.toMatchObject({
    kind: 'malformed',
    message: 'The page token is not one of this listing: ask for the first page again, without a token.',
  })
})
