/** Somebody who stands under a pseudonym. `account`: known by object id. `word`: known by what a manifest or a registry calls them. */
export interface PersonRecord {
  /** `person:` and 16 characters, made at random: nothing can be told from it. */
  readonly pseudonym: string
  readonly kind: 'account' | 'word'
  /** The object id, or the word as it was first written. */
  readonly key: string
  /** What people call them: mostly their e-mail address. */
  readonly name: string
  /** Epoch milliseconds. */
  readonly since: number
}

/** What pseudonyms stand for now; null = whoever it was has been erased. Pseudonyms that nobody looked up are not in it. */
export type Names = ReadonlyMap<string, string | null>

/** What is shown in the place of somebody who was erased. */
export const ERASED = 'erased person'

const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'
const PSEUDONYM = /person:[0-9a-hjkmnp-tv-z]{16}(?![0-9a-z])/g

/** A pseudonym out of 16 random bytes. */
export function pseudonymOf(random: Uint8Array): string {
  return `person:${[...random.slice(0, 16)].map((byte) => LETTERS[byte % 32]).join('')}`
}

/** Whether a text is a pseudonym and nothing else. */
export function isPseudonym(text: string): boolean {
  return text.replace(PSEUDONYM, '') === '' && text.lastIndexOf('person:') === 0
}

/** All pseudonyms that stand in the texts of a value, at any depth; each once. */
export function pseudonymsIn(value: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  eachText(value, (text) => {
    for (const [pseudonym] of text.matchAll(PSEUDONYM)) found.add(pseudonym)
    return text
  })
  return found
}

/** The value with names in the place of pseudonyms, in all its texts at any depth. What `names` does not know stays. */
export function withNames<T>(value: T, names: Names): T {
  if (names.size === 0) return value
  return eachText(value, (text) => named(text, names)) as T
}

function named(text: string, names: Names): string {
  if (!text.includes('person:')) return text
  return text.replace(PSEUDONYM, (pseudonym) => {
    const name = names.get(pseudonym)
    return name === undefined ? pseudonym : (name ?? ERASED)
  })
}

function eachText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => eachText(item, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, eachText(member, change)]))
}
