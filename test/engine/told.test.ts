import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { STORIES } from './told/stories.ts'

const FOLDER = join(import.meta.dirname, 'told')
const nameOf = (title: string) => `${title.replaceAll(/[^a-z]+/gi, '-').toLowerCase()}.txt`

test.each(Object.entries(STORIES))('%s, word by word', async (title, play) => {
  const told = await (await play()).end()
  expect(told.split('\n')).toEqual(readFileSync(join(FOLDER, nameOf(title)), 'utf8').split('\n'))
})

test('every text beside the stories is of one of them', () => {
  const texts = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))
  expect(texts.toSorted()).toEqual(Object.keys(STORIES).map(nameOf).toSorted())
})
