import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesTag } from '../../lib/schema/tag.ts'

const glob = (pattern: string, tag: string): boolean => matchesTag({ kind: 'glob', pattern }, tag)
const semver = (range: string, tag: string): boolean => matchesTag({ kind: 'semver', range }, tag)

describe('a glob', () => {
  it.each([
    ['v*', 'v1.4.0', true],
    ['v*', 'v', true],
    ['v*', 'dev1', false],
    ['v?.*', 'v1.4', true],
    ['v?.*', 'v10.4', false],
    ['*-rc', 'v1-rc-rc', true],
    ['*-rc', 'v1-rc2', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['latest', 'LATEST', false],
    ['v1.4', 'v1x4', false],
    ['?', '', false],
  ])('%s on %s says %s', (pattern, tag, wanted) => {
    expect(glob(pattern, tag)).toBe(wanted)
  })

  it('always takes a tag that is written exactly as the pattern', () => {
    fc.assert(fc.property(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/), (tag) => glob(tag, tag)))
  })

  it('with stars only takes every tag', () => {
    fc.assert(fc.property(fc.string(), (tag) => glob('*', tag) && glob('***', tag)))
  })

  it('of many stars answers on the longest tag', () => {
    expect(glob('*a'.repeat(64), `${'a'.repeat(127)}b`)).toBe(false)
  })
})

describe('a semver range', () => {
  it.each([
    ['>=1.0.0 <3', '1.0.0', true],
    ['>=1.0.0 <3', 'v2.9.1', true],
    ['>=1.0.0 <3', '3.0.0', false],
    ['>=1.0.0 <3', 'latest', false],
    ['>=1.0.0 <3', '1.4', false],
    ['>=1.0.0 <3', '2.0.0-rc.1', false],
    ['>=2.0.0-rc.0', '2.0.0-rc.1', true],
    ['>=2.0.0-rc.0', '2.1.0', true],
    ['>=2.0.0-rc.0', '2.1.0-rc.1', false],
    ['~1.4', 'v1.4.9', true],
  ])('%s on %s says %s', (range, tag, wanted) => {
    expect(semver(range, tag)).toBe(wanted)
  })

  it('never throws, whatever the tag', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (tag) => typeof semver('>=1 <3', tag) === 'boolean'))
  })
})
