import { Fault, type FaultKind } from '../lib/errors.ts'
import type { Secrets } from '../lib/ports.ts'

/** Secrets that a story sets and rotates. */
export interface SimSecrets extends Secrets {
  /** Makes the live values exactly these, newest first; none takes the secret away. */
  set(name: string, values: readonly string[]): void
  /** While not null, every read throws a Fault of this kind. */
  fault: FaultKind | null
  /** How often `read` was called. */
  reads: number
}

/** A vault that holds these secrets, each with its live values, newest first. */
export function createSimSecrets(initial: Readonly<Record<string, readonly string[]>> = {}): SimSecrets {
  const values = new Map(Object.entries(initial))
  const secrets: SimSecrets = {
    fault: null,
    reads: 0,
    set: (name, live) => {
      if (live.length === 0) values.delete(name)
      else values.set(name, live)
    },
    read: async (name) => {
      secrets.reads += 1
      if (secrets.fault !== null) throw new Fault(secrets.fault, `the vault refused to read secret ${name}`)
      const live = values.get(name)
      if (live === undefined) throw new Fault('not-found', `there is no secret ${name} in the vault: create it`)
      return live
    },
  }
  return secrets
}
