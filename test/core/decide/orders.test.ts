import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toldOfOrders } from './orders.ts'

test('whatever is ordered, wherever the rollout stands, is answered as it is written, word by word', () => {
  const expected = readFileSync(join(import.meta.dirname, 'orders.txt'), 'utf8')
  expect(toldOfOrders().split('\n')).toEqual(expected.split('\n'))
})
