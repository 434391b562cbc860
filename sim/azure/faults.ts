/** Troubles that can be ordered for a pretend server, one at a time. */
export interface FaultSwitch<K extends string> {
  /** From now on requests meet `kind`: the next `times` of them, or all until `clear` where `times` is absent. */
  inject(kind: K, times?: number): void
  clear(): void
  /** What this request meets, or null; counts it. */
  meet(): K | null
}

/** A switch that stands on "no trouble". */
export function createFaultSwitch<K extends string>(): FaultSwitch<K> {
  let kind: K | null = null
  let left = 0
  const clear = () => {
    kind = null
  }
  return {
    inject: (next, times = Number.POSITIVE_INFINITY) => {
      if (!(times >= 1)) throw new RangeError(`a fault must be met at least once, not ${times} times`)
      kind = next
      left = times
    },
    clear,
    meet: () => {
      const met = kind
      if (met !== null && --left <= 0) clear()
      return met
    },
  }
}
