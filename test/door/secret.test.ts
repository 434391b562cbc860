import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharedSecret } from '../../lib/door.ts'

const NEW = 'k-new-0123456789'
const OLD = 'k-old-9876543210'

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

describe('the shared secret', () => {
  test.each([
    ['x-slipway-key', { 'x-slipway-key': NEW }],
    ['Authorization as it stands', { authorization: NEW }],
    ['Bearer', { authorization: `Bearer ${NEW}` }],
    ['bearer in lower case', { authorization: `bearer ${NEW}` }],
    ['the password of Basic', { authorization: basic('registry', NEW) }],
    ['the older live key', { 'x-slipway-key': OLD }],
    ['a good key beside a stranger', { authorization: 'Bearer other', 'x-slipway-key': OLD }],
  ])('is accepted in %s', (_name, headers) => {
    expect(sharedSecret(new Headers(headers as Record<string, string>), [NEW, OLD])).toBe(true)
  })

  test.each([
    ['nothing', {}],
    ['an empty header', { 'x-slipway-key': '' }],
    ['another key', { 'x-slipway-key': 'k-new-0123456788' }],
    ['a beginning of the key', { 'x-slipway-key': NEW.slice(0, -1) }],
    ['the key as user of Basic', { authorization: basic(NEW, '') }],
    ['Basic without a colon', { authorization: `Basic ${Buffer.from(NEW).toString('base64')}` }],
    ['the key in another case', { 'x-slipway-key': NEW.toUpperCase() }],
  ])('is not accepted from %s', (_name, headers) => {
    expect(sharedSecret(new Headers(headers as Record<string, string>), [NEW, OLD])).toBe(false)
  })

  test('no live key, or an empty one, lets nobody in', () => {
    expect(sharedSecret(new Headers({ 'x-slipway-key': NEW }), [])).toBe(false)
    expect(sharedSecret(new Headers({ authorization: 'Bearer ' }), [''])).toBe(false)
    expect(sharedSecret(new Headers(), [''])).toBe(false)
  })

  test('a password may itself contain colons', () => {
    expect(sharedSecret(new Headers({ authorization: basic('u', 'a:b:c') }), ['a:b:c'])).toBe(true)
  })

  test('only an exact key ever enters', () => {
    const key = fc.stringMatching(/^[\x21-\x7e]{1,40}$/)
    fc.assert(
      fc.property(key, key, (offered, live) => {
        expect(sharedSecret(new Headers({ 'x-slipway-key': offered }), [live])).toBe(offered === live)
      }),
    )
  })
})
