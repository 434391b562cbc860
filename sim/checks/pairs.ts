/** A map by two names at once; each is looked up by itself, where one text of both would have to be made for every look. */
export interface Pairs<A, B, V> {
  get(one: A, other: B): V | undefined
  has(one: A, other: B): boolean
  set(one: A, other: B, value: V): void
  delete(one: A, other: B): void
  /** Forgets all of `one`. */
  clear(one: A): void
}

/** A map by two names with nothing in it. */
export function createPairs<A, B, V>(): Pairs<A, B, V> {
  const outer = new Map<A, Map<B, V>>()
  return {
    get: (one, other) => outer.get(one)?.get(other),
    has: (one, other) => outer.get(one)?.has(other) === true,
    set: (one, other, value) => {
      const inner = outer.get(one)
      if (inner === undefined) outer.set(one, new Map([[other, value]]))
      else inner.set(other, value)
    },
    delete: (one, other) => void outer.get(one)?.delete(other),
    clear: (one) => outer.get(one)?.clear(),
  }
}
