import { expect, it } from 'vitest'
import { historyOf } from '../../../sim/history/read.ts'
import { BEGUN, traceOf } from './made-up.ts'

const lines = traceOf(BEGUN)
const [service = '', begun = ''] = lines
const write = lines.find((line) => line.includes('arm-write')) ?? ''

it.each([
  ['not JSON', '{"seed":', 'line 2: it is not JSON'],
  ['no object', '[1]', 'line 2: the line should be an object, and is [1]'],
  ['no seed', begun.replace('"seed":7', '"seed":-1'), 'line 2: seed should be a whole number from 0, and is -1'],
  ['no time', begun.replace(/"at":\d+/, '"at":"noon"'), 'line 2: at should be a number, and is "noon"'],
  ['an unknown kind', '{"seed":1,"n":1,"at":1,"kind":"odd"}', 'line 2: kind should be one of principal, secret,'],
  ['a row without notes', begun.replace('"notes"', '"note"'), 'line 2: row.notes should be text, and is nothing'],
  [
    'evidence that is none',
    begun.replace('"evidence":[]', '"evidence":{}'),
    'line 2: row.evidence should be a list, and is {}',
  ],
  [
    'a proof that is none',
    begun.replace('"evidence":[]', '"evidence":[7]'),
    'line 2: row.evidence[0] should be an object, and is 7',
  ],
  [
    'weights in words',
    write.replace('"pricing--v1":90', '"pricing--v1":"all"'),
    'line 2: asked.weights.pricing--v1 should be a number, and is "all"',
  ],
  [
    'an unknown outcome',
    write.replace('"taken"', '"lost"'),
    'line 2: outcome should be one of taken, refused, and is "lost"',
  ],
  [
    'no word on its effect',
    write.replace('"applied":true', '"applied":1'),
    'line 2: applied should be true or false, and is 1',
  ],
])('refuses a line with %s, and says which line and what is wrong', (_, bad, message) => {
  expect(() => historyOf([service, bad])).toThrow(message)
})

it('takes an empty line for none, and an empty file for no seed', () => {
  expect(historyOf(['', ''])).toMatchObject({ seeds: 0, findings: [] })
})
