import type { EntityKey, Properties } from './entity.ts'
import { refusalOf } from './refusal.ts'

/** What a `$filter` asks for: where to look, and whether an entity fits. */
export interface Filter {
  /** The one partition that it names; null = all. */
  readonly partitionKey: string | null
  /** Row keys from here on, and up to (exclusive); null = to the end. */
  readonly from: string
  readonly to: string | null
  fits(key: EntityKey, properties: Properties): boolean
}

type Value = string | number | boolean
type Test = (key: EntityKey, properties: Properties) => boolean
interface Comparison {
  readonly name: string
  readonly operator: string
  readonly value: Value
}

const TOKEN =
  /\s*(?:([()])|(?:(datetime|guid)?'((?:[^']|'')*)')|([A-Za-z_]\w*)|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)L?)\s*/y

const COMPARE: Readonly<Record<string, (a: Value, b: Value) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
}

/** Reads the OData of Table Storage: comparisons of a property with a constant, joined by `and`, `or`, `not`. Throws TableRefusal. */
export function readFilter(text: string | null): Filter {
  if (text === null) return { partitionKey: null, from: '', to: null, fits: () => true }
  const reader = createReader(text)
  const needed: Comparison[] = []
  const fits = readOr(reader, needed)
  if (reader.peek() !== null) throw refusalOf('InvalidInput')
  const rows = needed.filter(({ name, value }) => name === 'RowKey' && typeof value === 'string')
  const partition = needed.find(({ name, operator }) => name === 'PartitionKey' && operator === 'eq')
  return {
    partitionKey: partition === undefined ? null : String(partition.value),
    from: rows.reduce((from, { operator, value }) => {
      return ['ge', 'gt', 'eq'].includes(operator) && value > from ? String(value) : from
    }, ''),
    to: rows.reduce<string | null>((to, { operator, value }) => {
      return operator === 'lt' && (to === null || value < to) ? String(value) : to
    }, null),
    fits,
  }
}

type Token =
  | { readonly kind: 'word' | 'sign'; readonly text: string }
  | { readonly kind: 'value'; readonly value: Value }

function createReader(text: string) {
  let at = 0
  const read = (): Token | null => {
    if (at >= text.length) return null
    TOKEN.lastIndex = at
    const [whole, sign, type, quoted, word, number] = TOKEN.exec(text) ?? []
    if (whole === undefined) throw refusalOf('InvalidInput')
    at += whole.length
    if (sign !== undefined) return { kind: 'sign', text: sign }
    if (quoted !== undefined) {
      const plain = quoted.replaceAll("''", "'")
      return { kind: 'value', value: type === 'datetime' ? Date.parse(plain) : plain }
    }
    if (number !== undefined) return { kind: 'value', value: Number(number) }
    if (word === 'true' || word === 'false') return { kind: 'value', value: word === 'true' }
    return { kind: 'word', text: word ?? '' }
  }
  let next = read()
  return {
    peek: () => next,
    take: (): Token | null => {
      const token = next
      next = read()
      return token
    },
    isNext: (text: string) => next !== null && next.kind !== 'value' && next.text === text,
  }
}

type Reader = ReturnType<typeof createReader>

function readOr(reader: Reader, needed: Comparison[]): Test {
  const mine: Comparison[] = []
  const first = readAnd(reader, mine)
  if (!reader.isNext('or')) {
    needed.push(...mine)
    return first
  }
  const tests = [first]
  while (reader.isNext('or')) {
    reader.take()
    tests.push(readAnd(reader, []))
  }
  return (key, properties) => tests.some((test) => test(key, properties))
}

function readAnd(reader: Reader, needed: Comparison[]): Test {
  const tests = [readOne(reader, needed)]
  while (reader.isNext('and')) {
    reader.take()
    tests.push(readOne(reader, needed))
  }
  return (key, properties) => tests.every((test) => test(key, properties))
}

function readOne(reader: Reader, needed: Comparison[]): Test {
  const token = reader.take()
  if (token?.kind === 'word' && token.text === 'not') {
    const test = readOne(reader, [])
    return (key, properties) => !test(key, properties)
  }
  if (token?.kind === 'sign' && token.text === '(') {
    const test = readOr(reader, needed)
    const end = reader.take()
    if (end?.kind !== 'sign' || end.text !== ')') throw refusalOf('InvalidInput')
    return test
  }
  const [operator, value] = [reader.take(), reader.take()]
  if (token?.kind !== 'word' || operator?.kind !== 'word' || value?.kind !== 'value') throw refusalOf('InvalidInput')
  return comparing({ name: token.text, operator: operator.text, value: value.value }, needed)
}

function comparing(comparison: Comparison, needed: Comparison[]): Test {
  const { name, operator, value } = comparison
  const compare = COMPARE[operator]
  if (compare === undefined) throw refusalOf('InvalidInput')
  needed.push(comparison)
  if (name === 'PartitionKey') return ({ partitionKey }) => compare(partitionKey, value)
  if (name === 'RowKey') return ({ rowKey }) => compare(rowKey, value)
  return (_, properties) => {
    const found = properties[name]
    const is = properties[`${name}@odata.type`] === 'Edm.DateTime' ? Date.parse(String(found)) : found
    // A property that is missing, or of another type, fits nothing.
    return typeof is === typeof value && compare(is as Value, value)
  }
}
