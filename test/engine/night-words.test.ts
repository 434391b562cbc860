import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SCENES, toldOfNight } from './night-words.ts'
import { paragraphs } from './words.ts'

const PARTS = paragraphs(readFileSync(join(import.meta.dirname, 'night-words.txt'), 'utf8'))

test.each(Object.entries(SCENES))('what a night’s check reads, keeps and says where %s', async (title, scene) => {
  expect(await toldOfNight(scene)).toEqual(PARTS.get(title))
})

test('every paragraph is of one of these', () => {
  expect([...PARTS.keys()]).toEqual(Object.keys(SCENES))
})
