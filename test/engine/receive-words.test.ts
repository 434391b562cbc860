import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CASES, toldOfReceiving } from './receive-words.ts'
import { paragraphs } from './words.ts'

const PARTS = paragraphs(readFileSync(join(import.meta.dirname, 'receive-words.txt'), 'utf8'))

test.each(Object.entries(CASES))('what becomes of a push where %s, word by word', async (title, scene) => {
  expect(await toldOfReceiving(scene)).toEqual(PARTS.get(title))
})

test('every paragraph is of one of these', () => {
  expect([...PARTS.keys()]).toEqual(Object.keys(CASES))
})
