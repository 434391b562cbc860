import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MARKS, markWith, SCENES, saidOf, toldOfVerifying } from './verify-words.ts'
import { paragraphs } from './words.ts'

const PARTS = paragraphs(readFileSync(join(import.meta.dirname, 'verify-words.txt'), 'utf8'))

test.each(Object.entries(SCENES))('what somebody who verifies a chain hears where %s', async (title, scene) => {
  expect(await toldOfVerifying(scene)).toEqual(PARTS.get(title))
})

test('every paragraph is of one of these', () => {
  expect([...PARTS.keys()]).toEqual(Object.keys(SCENES))
})

test.each(Object.entries(MARKS))('who goes on from a mark that %s is told so', async (title, mark) => {
  const said = await saidOf(mark)
  const refused = '  ! malformed: this page mark is of another list; ask for the first page again'
  if (title.startsWith('is one')) expect(said).toContain('"intact":false')
  else expect(said).toBe(refused)
})

test.each(['1???~~~', '1???~~~>', '1???~~~>>'])(
  'a mark goes into a URL as it is, whatever is in it: %s',
  async (token) => {
    const { mark, ...came } = await markWith(token)
    expect(mark).toMatch(/^[\w-]+$/)
    expect(came).toEqual({ asked: [null, token], intact: true, rows: 2 })
  },
)
