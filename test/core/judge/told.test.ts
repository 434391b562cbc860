import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SCENES, toldOf } from './told-scenes.ts'

/** The expected paragraphs, by title. */
const EXPECTED = new Map(
  readFileSync(join(import.meta.dirname, 'told.txt'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((part) => part.trim().split('\n'))
    .map(([title = '', ...lines]) => [title, lines]),
)

test.each(Object.entries(SCENES))('%s, word by word', (title, scene) => {
  expect(toldOf(scene).map((line) => line.trimEnd())).toEqual(EXPECTED.get(title)?.map((line) => line.trimEnd()))
})

test('every paragraph is of one of the scenes', () => {
  expect([...EXPECTED.keys()]).toEqual(Object.keys(SCENES))
})
