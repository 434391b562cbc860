import { expect, test } from 'vitest'
import { createPaced } from '../../lib/engine/paced.ts'

function given(work: (name: string) => Promise<boolean>) {
  const state = { now: 5_000 }
  const done: string[] = []
  const paced = createPaced({ now: () => state.now }, 1_000, (name) => {
    done.push(name)
    return work(name)
  })
  return { state, done, paced }
}

test('work is done once in its time, for each name', async () => {
  const { state, done, paced } = given(async () => true)
  for (const name of ['a', 'b', 'a']) await paced(name)
  state.now += 999
  await paced('a')
  expect(done).toEqual(['a', 'b'])
  state.now += 1
  await paced('a')
  expect(done).toEqual(['a', 'b', 'a'])
})

test('work that failed late is tried again only its time after it ended', async () => {
  const { state, done, paced } = given(async () => {
    state.now += 5_000
    return false
  })
  await paced('a')
  state.now += 999
  await paced('a')
  expect(done).toEqual(['a'])
  state.now += 1
  await paced('a')
  expect(done).toEqual(['a', 'a'])
})

test('work that succeeded late is due its time after it began', async () => {
  const { state, done, paced } = given(async () => {
    state.now += 5_000
    return true
  })
  await paced('a')
  await paced('a')
  expect(done).toEqual(['a', 'a'])
})

test('an error reaches all who wait for it, and holds up nobody who comes later', async () => {
  const { state, done, paced } = given(() => Promise.reject(new Error('it broke')))
  const both = await Promise.allSettled([paced('a'), paced('a')])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await paced('a')
  expect(done).toEqual(['a'])
  state.now += 1_000
  await expect(paced('a')).rejects.toThrow('it broke')
})
