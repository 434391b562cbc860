/** A filter taken apart: per dimension (in small letters) the values wanted, in small letters; null = every value, split. */
export type Wanted = ReadonlyMap<string, ReadonlySet<string> | null>

interface Term {
  readonly name: string
  readonly value: string
  readonly joint: 'and' | 'or' | null
}

/**
 * Reads `A eq 'x' or A eq 'y' and B eq '*'`: `or` stands between values of one dimension, `and` between dimensions, a quote
 * within a value is doubled. Throws RangeError where the text is anything else.
 */
export function readFilter(filter: string): Wanted {
  const wanted = new Map<string, Set<string> | null>()
  let last = ''
  for (const { name, value, joint } of termsOf(filter)) {
    const key = name.toLowerCase()
    if (joint === 'or' && key !== last) {
      throw new RangeError(`'or' cannot separate the dimensions ${last} and ${key} in the filter ${filter}`)
    }
    if (joint !== 'or' && wanted.has(key))
      throw new RangeError(`the dimension ${key} stands twice in the filter ${filter}`)
    const values = joint === 'or' ? wanted.get(key) : new Set<string>()
    wanted.set(key, value === '*' || !values ? null : values.add(value.toLowerCase()))
    last = key
  }
  return wanted
}

function termsOf(filter: string): readonly Term[] {
  const pattern = /\s*(?:(and|or)\s+)?([A-Za-z][\w.]*)\s+eq\s+'((?:[^']|'')*)'(?=\s|$)/iy
  const terms: Term[] = []
  while (pattern.lastIndex < filter.trimEnd().length) {
    const at = pattern.lastIndex
    const found = pattern.exec(filter)
    const joint = found?.[1]?.toLowerCase() ?? null
    if (found === null || (joint === null) !== (terms.length === 0)) {
      throw new RangeError(`the filter cannot be read from its character ${at + 1} on: ${filter}`)
    }
    const value = (found[3] ?? '').replaceAll("''", "'")
    terms.push({ name: found[2] ?? '', value, joint: joint === 'and' || joint === 'or' ? joint : null })
  }
  if (terms.length === 0) throw new RangeError('the filter is empty')
  return terms
}
