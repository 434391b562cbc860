import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SCENES, toldOfTrimming } from './trim-words.ts'
import { paragraphs } from './words.ts'

const PARTS = paragraphs(readFileSync(join(import.meta.dirname, 'trim-words.txt'), 'utf8'))

test.each(Object.entries(SCENES))('what is removed from the audit where %s', async (title, scene) => {
  expect(await toldOfTrimming(scene)).toEqual(PARTS.get(title))
})

test('every paragraph is of one of these', () => {
  expect([...PARTS.keys()]).toEqual(Object.keys(SCENES))
})
