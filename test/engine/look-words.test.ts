import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { appAt } from '../support/builders.ts'
import { SCENES, toldOfCloserLook, toldOfLook } from './look-words.ts'
import { paragraphs } from './words.ts'

const PARTS = paragraphs(readFileSync(join(import.meta.dirname, 'look-words.txt'), 'utf8'))

test.each(Object.entries(SCENES))('what a look brings where %s, word by word', async (title, scene) => {
  expect(await toldOfLook(scene)).toEqual(PARTS.get(title))
})

test('every paragraph is of one of these', () => {
  expect([...PARTS.keys()]).toEqual(Object.keys(SCENES))
})

test('a closer look brings the app of its moment, and says so where no answer comes', async () => {
  expect(await toldOfCloserLook([{ kind: 'seen', app: appAt(50) }])).toEqual([
    '+0s observe pricing',
    'pricing-2 as of +1s: {"image":null,"restarts":2,"freeze":"unread"}',
    '  app seen with [50,50]',
  ])
  expect(await toldOfCloserLook([])).toEqual([
    '+0s observe pricing',
    'pricing-2 as of +1s: {"image":null,"restarts":2,"freeze":"unread"}',
    '  app {"kind":"unseen","fault":{"kind":"unavailable","message":"no answer about pricing","retryAfterMs":null}}',
  ])
})
