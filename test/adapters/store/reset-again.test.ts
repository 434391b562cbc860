import { expect, test } from 'vitest'
import { readAgainAfterReset } from '../../../lib/adapters/store/reset-again.ts'

/** A far end that fails so often with a code, and then answers. */
function farEnd(failures: number, code: string) {
  let asked = 0
  const next = async () => {
    asked += 1
    if (asked <= failures) throw Object.assign(new Error(code), { code })
    return `answer ${asked}`
  }
  return { next, asked: () => asked }
}

test.each(['ECONNRESET', 'EPIPE'])('a read is asked again once after %s', async (code) => {
  const { next } = farEnd(1, code)
  expect(await readAgainAfterReset.sendRequest({ method: 'GET' }, next)).toBe('answer 2')
  const worse = farEnd(2, code)
  await expect(readAgainAfterReset.sendRequest({ method: 'GET' }, worse.next)).rejects.toThrow(code)
  expect(worse.asked()).toBe(2)
})

test.each([
  ['PUT', 'ECONNRESET'],
  ['POST', 'EPIPE'],
  ['GET', 'ETIMEDOUT'],
])('%s is not asked again after %s', async (method, code) => {
  const { next, asked } = farEnd(1, code)
  await expect(readAgainAfterReset.sendRequest({ method }, next)).rejects.toThrow(code)
  expect(asked()).toBe(1)
})
