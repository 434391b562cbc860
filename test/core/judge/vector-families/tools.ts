import { expect } from 'vitest'

/** One thing to check in a file of reference values. */
export interface Check {
  readonly name: string
  readonly run: () => void
}

/** Turns a family of reference values into checks; throws on an entry that it cannot check. */
export type Family = (value: unknown) => readonly Check[]

/** An entry of a family, as JSON has it. */
export type Entry = Readonly<Record<string, unknown>>

/** Reference values are given to a millionth, or as exactly as they are written down. */
const RELATIVE = 1e-6
/** A value of so many digits was cut to fit a table: its last digit may be one off. */
const CUT_DIGITS = 4

/**
 * Asserts that a value is the reference value: within `relative`, or one unit of the last digit of a fraction that was
 * written with four digits or more. A reference of 0 is 0 to 1e-9.
 */
export function near(actual: number, wanted: number, what = 'value', relative = RELATIVE): void {
  const allowed = wanted === 0 ? 1e-9 : Math.max(relative * Math.abs(wanted), lastUnit(wanted))
  expect(actual, `${what} is not a number`).not.toBeNaN()
  expect(Math.abs(actual - wanted), `${what}: ${actual} instead of ${wanted}`).toBeLessThanOrEqual(allowed)
}

/** The entries of a family that is a list, or one entry by itself. */
export function entries(value: unknown): readonly Entry[] {
  const list = Array.isArray(value) ? value : [value]
  for (const entry of list)
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw wrong(entry, 'an object')
  return list as readonly Entry[]
}

/** Rows of figures: a list of lists, or one list by itself. */
export function rows(value: unknown): readonly (readonly number[])[] {
  if (!Array.isArray(value)) throw wrong(value, 'a list of figures')
  const list = Array.isArray(value[0]) ? value : [value]
  return list.map(figures)
}

/** A figure of an entry; throws where there is none and no default is given. */
export function figure(entry: Entry, key: string, usual?: number): number {
  const value = entry[key] ?? usual
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(entry, `a figure "${key}"`)
  return value
}

/** A list of figures; null and "NaN" are NaN, "inf" in any spelling is Infinity. */
export function figures(value: unknown): readonly number[] {
  if (!Array.isArray(value)) throw wrong(value, 'a list of figures')
  return value.map((item) => {
    if (typeof item === 'number') return item
    if (item === null || item === 'NaN') return Number.NaN
    if (typeof item === 'string' && /^\+?inf(inity)?$/i.test(item)) return Number.POSITIVE_INFINITY
    throw wrong(value, 'figures only')
  })
}

/** The first of some keys that an entry has, for values that are spelled in more than one way. */
export function either(entry: Entry, ...keys: readonly string[]): unknown {
  return keys.map((key) => entry[key]).find((value) => value !== undefined)
}

/** A check that fails and says why there is no other. */
export function unreadable(name: string, why: unknown): Check {
  return {
    name: `${name} can be read`,
    run: () => {
      throw why
    },
  }
}

/** What a check of an entry is called. */
export function nameOf(entry: Entry, index: number): string {
  const told = either(entry, 'name', 'test', 'src', 'note')
  return typeof told === 'string' ? told : `entry ${index + 1}`
}

/** An entry that cannot be checked: says what was expected of it, and shows it. */
export function wrong(entry: unknown, expected: string): Error {
  return new Error(`expected ${expected} in ${JSON.stringify(entry)?.slice(0, 300)}`)
}

function lastUnit(value: number): number {
  const [mantissa = '', exponent = '0'] = String(Math.abs(value)).split('e')
  const [, decimals = ''] = mantissa.split('.')
  const digits = mantissa.replace('.', '').replace(/^0+/, '').length
  const unit = 10 ** (Number(exponent) - decimals.length)
  return decimals.length > 0 && digits >= CUT_DIGITS ? unit * 1.000001 : 0
}
