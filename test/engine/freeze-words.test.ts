import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CASES, toldOfFreezes } from './freeze-words.ts'
import { paragraphs } from './words.ts'

const PARTS = paragraphs(readFileSync(join(import.meta.dirname, 'freeze-words.txt'), 'utf8'))

test.each(Object.entries(CASES))('what comes of it where %s, word by word', async (title, scene) => {
  expect(await toldOfFreezes(scene)).toEqual(PARTS.get(title))
})

test('every paragraph is of one of these', () => {
  expect([...PARTS.keys()]).toEqual(Object.keys(CASES))
})
