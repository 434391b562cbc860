import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CASES, toldOfUndo } from './undo-words.ts'
import { paragraphs } from './words.ts'

const PARTS = paragraphs(readFileSync(join(import.meta.dirname, 'undo-words.txt'), 'utf8'))

test.each(Object.entries(CASES))('what an undo brings where %s, word by word', async (title, scene) => {
  expect(await toldOfUndo(scene)).toEqual(PARTS.get(title))
})

test('every paragraph is of one of these', () => {
  expect([...PARTS.keys()]).toEqual(Object.keys(CASES))
})
