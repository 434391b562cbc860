import { expect, test } from 'vitest'
import { createAccessLog } from '../../../sim/azure/access-log.ts'
import { requestAt } from './requests.ts'

function paths(log: ReturnType<typeof createAccessLog>, from: number, to: number): readonly string[] {
  const found: string[] = []
  log.scan(from, to, ({ Path }) => found.push(Path))
  return found
}

test('a window holds its start and not its end', () => {
  const log = createAccessLog()
  for (const time of [10, 20, 20, 30, 40]) log.append(requestAt(time, { Path: `/${time}` }))
  expect(paths(log, 20, 40)).toEqual(['/20', '/20', '/30'])
  expect(paths(log, 41, 99)).toEqual([])
  expect(paths(log, 0, 10)).toEqual([])
  expect(paths(log, 40, 20)).toEqual([])
  expect(paths(createAccessLog(), 0, 99)).toEqual([])
})

test('only the newest records are kept, in order, however often the ring goes round', () => {
  const log = createAccessLog(3)
  for (let time = 1; time <= 11; time++) {
    log.append(requestAt(time, { Path: `/${time}` }))
    const kept = [time - 2, time - 1, time].filter((kept) => kept >= 1)
    expect(paths(log, 0, 99)).toEqual(kept.map((kept) => `/${kept}`))
  }
  expect(log.size()).toBe(3)
  expect(paths(log, 10, 99)).toEqual(['/10', '/11'])
})

test('a clock that is set back does not disturb the order', () => {
  const log = createAccessLog()
  log.append(requestAt(50, { Path: '/a' }))
  log.append(requestAt(40, { Path: '/b' }))
  expect(paths(log, 50, 51)).toEqual(['/a', '/b'])
})

test('a capacity that cannot hold anything is refused', () => {
  expect(() => createAccessLog(0)).toThrow(/at least 1/)
})
