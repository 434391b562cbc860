import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SCENES, toldOfTurn } from './turn-words.ts'
import { paragraphs } from './words.ts'

const PARTS = paragraphs(readFileSync(join(import.meta.dirname, 'turn-words.txt'), 'utf8'))

test.each(Object.entries(SCENES))('what a turn does where %s, word by word', async (title, scene) => {
  expect(await toldOfTurn(scene)).toEqual(PARTS.get(title))
})

test('every paragraph is of one of these', () => {
  expect([...PARTS.keys()]).toEqual(Object.keys(SCENES))
})
