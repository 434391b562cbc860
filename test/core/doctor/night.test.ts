import { expect, test } from 'vitest'
import { nightFinding } from '../../../lib/core/doctor/night.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const DAY = 86_400_000

test.each([
  ['no night has ended yet', null, 'ok', 'no night has checked the audit yet'],
  [
    'it was found right',
    { at: NOW - DAY, rows: 7, found: 0 },
    'ok',
    '7 audit rows were found as they were written at 2026-11-20 12:00Z',
  ],
  ['that is two days ago', { at: NOW - 2 * DAY, rows: 7, found: 0 }, 'ok', '7 audit rows were found'],
  [
    'that is longer ago',
    { at: NOW - 2 * DAY - 1, rows: 7, found: 0 },
    'warning',
    'see whether the timer audit-night runs',
  ],
  [
    'something was found',
    { at: NOW - 9 * DAY, rows: 7, found: 2 },
    'error',
    'not as it was written, found at 2026-11-12 12:00Z',
  ],
])('the doctor tells that %s', (_, last, result, message) => {
  expect(nightFinding('production', last, NOW)).toMatchObject({
    check: 'audit-night',
    subject: 'production',
    result,
    message: expect.stringContaining(message),
  })
})
