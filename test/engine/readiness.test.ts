import { expect, test } from 'vitest'
import { createReadiness } from '../../lib/engine/readiness.ts'

const fine = async () => 'anything'
const away = async () => {
  throw new Error('a secret detail')
}
const never = () => new Promise<never>(() => {})
/** Sleeps end after everything that is settled already. */
const sleep = () => new Promise<void>((resolve) => setImmediate(resolve))
const options = { now: () => 0, sleep, limitMs: 1000, keepMs: 5000 }

test('all parts that answer are ok', async () => {
  const check = createReadiness({ ...options, parts: { tables: fine, queues: fine } })
  expect(await check()).toEqual({ status: 'ok', parts: { tables: 'ok', queues: 'ok' } })
})

test('one that fails or does not answer in time makes all of it not ok, and no detail is told', async () => {
  const check = createReadiness({ ...options, parts: { tables: fine, queues: away, secrets: never } })
  expect(await check()).toEqual({
    status: 'not ok',
    parts: { tables: 'ok', queues: 'not ok', secrets: 'not ok' },
  })
})

test('an answer is shared for five seconds, by those who ask at once too', async () => {
  let time = 0
  let asked = 0
  const parts = { tables: async () => ++asked }
  const check = createReadiness({ ...options, now: () => time, parts })
  await Promise.all([check(), check()])
  time = 4999
  await check()
  expect(asked).toBe(1)
  time = 5000
  await check()
  expect(asked).toBe(2)
})
