import { expect, test } from 'vitest'
import { errorLine, Fault, withoutSecrets } from '../lib/errors.ts'

test.each([
  ['https://x.example/hook?code=k3y&v=1', 'https://x.example/hook?code=***&v=1'],
  ['https://x.example/t?st=1&sig=abc%2Fd', 'https://x.example/t?st=1&sig=***'],
  ['Authorization: Bearer eyJhbGciOi.abc-_~+/=', 'Authorization: Bearer ***'],
  ['AccountKey=abc+/=;EndpointSuffix=core', 'AccountKey=***;EndpointSuffix=core'],
  ['SharedAccessKey=abc', 'SharedAccessKey=***'],
  ['denied by https://robot:p4ss@registry.example/v2/', 'denied by https://robot:***@registry.example/v2/'],
  ['https://registry.example:443/v2/ was down', 'https://registry.example:443/v2/ was down'],
])('of "%s" no secret is left', (text, left) => {
  expect(withoutSecrets(text)).toBe(left)
  expect(new Fault('denied', text).message).toBe(left)
})

test('an error is told for the log in one line, with its causes and without their secrets', () => {
  const cause = new Error('GET https://x.example/?sig=abc\nfailed')
  const line = errorLine('pricing', new Fault('unavailable', 'storage is down', { cause }))
  expect(line).toMatch(/^pricing \| Fault: storage is down at /)
  expect(line).toContain('| Error: GET https://x.example/?sig=*** failed at ')
  expect(line).not.toContain('abc')
  expect(line).not.toContain('\n')
  expect(errorLine('pricing', 'thrown')).toBe('pricing | thrown')
  expect(errorLine('pricing', Object.assign(new Error('no stack'), { stack: undefined }))).toBe(
    'pricing | Error: no stack',
  )
})

test('where it happened is told from the folder of the app, wherever that lies', () => {
  const line = errorLine('pricing', new Error('broken'))
  expect(line).toMatch(/ at (?:file:\/\/)?(?:\S+ \()?test\/errors\.test\.ts:\d+:\d+/)
  expect(line).not.toContain(process.cwd())
  const module = `at f (file://${process.cwd()}/lib/x.ts:1:2) at g (/elsewhere${process.cwd()}x/y.ts:3:4)`
  const stack = `Error: x\n    ${module}`
  expect(errorLine('x', Object.assign(new Error('x'), { stack }))).toBe(
    `x | Error: x at f (lib/x.ts:1:2) at g (/elsewhere${process.cwd()}x/y.ts:3:4)`,
  )
})

test('an error that causes itself is told a few times, not for ever', () => {
  const error = new Error('round')
  error.cause = error
  expect(errorLine('x', error).match(/Error: round/g)).toHaveLength(5)
})
