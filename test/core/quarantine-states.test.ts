import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lives, meetings } from './quarantine-states.ts'

const [MEETINGS = '', LIVES = ''] = readFileSync(join(import.meta.dirname, 'quarantine-states.txt'), 'utf8').split(
  /^# .*\n/m,
)
const linesOf = (text: string) => text.trim().split('\n')

test('what becomes of a suspect that is met, whatever was known of it', () => {
  expect(meetings()).toEqual(linesOf(MEETINGS))
})

test('what becomes of an item in quarantine as time goes by', () => {
  expect(lives()).toEqual(linesOf(LIVES))
})
