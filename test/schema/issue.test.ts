import { expect, it } from 'vitest'
import { formatIssue, pathText, quotable } from '../../lib/schema/issue.ts'

it('a path is written as people read it', () => {
  expect(pathText(['strategy', 'canary', 'steps', 1, 'setWeight'])).toBe('strategy.canary.steps[1].setWeight')
  expect(pathText([0, 'data'])).toBe('[0].data')
  expect(pathText([])).toBe('')
})

it('an issue is one line, with as much of its place as is known', () => {
  const issue = { path: 'drain', message: 'is too long' }
  expect(formatIssue(issue)).toBe('drain: is too long')
  expect(formatIssue({ ...issue, path: '' })).toBe('is too long')
  expect(formatIssue({ ...issue, file: 'pricing.yaml', line: 3, column: 8 })).toBe(
    'pricing.yaml:3:8 drain: is too long',
  )
  expect(formatIssue({ ...issue, file: null, line: 3, column: 8 })).toBe('line 3:8 drain: is too long')
})

it('foreign text cannot forge a line or turn the direction of reading, and is bounded', () => {
  expect(quotable('a\nb\u202ec\0')).toBe('a�b�c�')
  expect(quotable('x'.repeat(500), 10)).toBe('xxxxxxxxxx…')
  expect(pathText([`a\n${'b'.repeat(500)}`])).toHaveLength(61)
})
