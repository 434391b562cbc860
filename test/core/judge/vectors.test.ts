import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CONFSEQ_FAMILIES } from './vector-families/confseq.ts'
import { JUDGE_FAMILIES, streamChecks } from './vector-families/judge.ts'
import { SAMPLE_FAMILIES } from './vector-families/samples.ts'
import { type Check, entries, type Family, nameOf, unreadable } from './vector-families/tools.ts'

const FOLDER = join(import.meta.dirname, 'vectors')
const FAMILIES: Readonly<Record<string, Family>> = { ...JUDGE_FAMILIES, ...SAMPLE_FAMILIES, ...CONFSEQ_FAMILIES }
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
const read = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))

/** Checks of a family, or one check that says why there are none: nothing that is in a file may go unread. */
function checksOf(make: () => readonly Check[], what: string): readonly Check[] {
  try {
    const checks = make()
    if (checks.length === 0) throw new Error(`${what} holds nothing that can be checked`)
    return checks
  } catch (error) {
    return [unreadable(what, error)]
  }
}

function register(checks: readonly Check[]): void {
  checks.forEach(({ name, run }, index) => {
    test(`${index + 1}: ${name}`, () => {
      run()
      // An entry with no figure to hold against would pass unread.
      expect.hasAssertions()
    })
  })
}

function familyOf(key: string): Family {
  const family = FAMILIES[key]
  if (family !== undefined) return family
  return () => {
    throw new Error(
      `no reader for the family "${key}": write one in vector-families/, the known ones are ${Object.keys(FAMILIES).join(', ')}`,
    )
  }
}

describe.each(files.filter((name) => name.includes('vectors')))('the reference values of %s', (name) => {
  const families = Object.entries(read(name) as object)
  describe.each(families)('%s', (key, value) => {
    register(checksOf(() => familyOf(key)(value), `${name}: ${key}`))
  })
})

describe.each(files.filter((name) => name.includes('streams')))('the streams of %s', (name) => {
  const value = read(name)
  const streams = Array.isArray(value) ? value : Object.values(value as object)
  describe.each(entries(streams).map((stream, index) => [nameOf(stream, index), stream] as const))(
    '%s',
    (what, stream) => {
      register(checksOf(() => streamChecks(stream), what))
    },
  )
})

test('every file of reference values is read, and there are some of both kinds', () => {
  expect(files.filter((name) => !/vectors|streams/.test(name))).toEqual([])
  expect(files.some((name) => name.includes('vectors'))).toBe(true)
  expect(files.some((name) => name.includes('streams'))).toBe(true)
})
