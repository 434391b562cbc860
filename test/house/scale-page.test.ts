import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const PAGE = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8')
const NUMBER = String.raw`\d[\d,]*(?:\.\d+)?`
/** A sum as the page writes it: `2,000 × 60 / 10 = 12,000`, worked from left to right. */
const SUM = new RegExp(`(${NUMBER}(?: [×/] ${NUMBER})+) = (${NUMBER})`, 'g')

const plain = (text: string) => Number(text.replaceAll(',', ''))

function worked(sum: string): number {
  const [first = '', ...steps] = sum.split(/ (?=[×/] )/)
  return steps.reduce(
    (so, step) => (step.startsWith('×') ? so * plain(step.slice(2)) : so / plain(step.slice(2))),
    plain(first),
  )
}

const SUMS = [...PAGE.matchAll(SUM)].map(([, sum = '', said = '']) => ({ sum, said }))

test.each(SUMS)('the sum $sum is $said on the page of scale', ({ sum, said }) => {
  expect(worked(sum)).toBe(plain(said))
})

test('the page of scale has the sums that are worked out again', () => {
  expect(SUMS.length).toBeGreaterThan(12)
  expect(worked('2,000 × 60 / 10')).toBe(12_000)
  expect(PAGE.match(/ = /g)).toHaveLength(SUMS.length)
})
