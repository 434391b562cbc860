import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SCENES, toldOfWard } from './ward-words.ts'
import { paragraphs } from './words.ts'

const PARTS = paragraphs(readFileSync(join(import.meta.dirname, 'ward-words.txt'), 'utf8'))

test.each(Object.entries(SCENES))('what the ward asks, stores and says where %s', async (title, scene) => {
  expect(await toldOfWard(scene)).toEqual(PARTS.get(title))
})

test('every paragraph is of one of these', () => {
  expect([...PARTS.keys()]).toEqual(Object.keys(SCENES))
})
