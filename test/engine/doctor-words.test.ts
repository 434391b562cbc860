import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONSULTATIONS, findingsOf } from './doctor-words.ts'

const PARTS = readFileSync(join(import.meta.dirname, 'doctor-words.txt'), 'utf8').split(/^## /m)

test.each(Object.entries(CONSULTATIONS))('what the doctor says where %s, word by word', async (title, consultation) => {
  const expected = PARTS.find((part) => part.startsWith(`${title}\n`))
  expect((await findingsOf(consultation)).join('\n').split('\n')).toEqual(expected?.trim().split('\n').slice(1))
})

test('every paragraph is of one of these', () => {
  expect(PARTS.slice(1).map((part) => part.split('\n')[0])).toEqual(Object.keys(CONSULTATIONS))
})
