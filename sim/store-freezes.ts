import type { AuditRow } from '../lib/core/audit.ts'
import { GENESIS } from '../lib/core/chain.ts'
import type { Freezes, FreezesChange } from '../lib/ports.ts'

/** The freezes of environments, in memory, with the rows of their own audit chains. */
export interface SimFreezes extends Freezes {
  /** Rows of the environment's own chain, oldest first. */
  rowsOf(environment: string): readonly AuditRow[]
}

interface Kept {
  readonly state: Pick<FreezesChange, 'freezes' | 'lifted' | 'told' | 'chain'>
  readonly version: number
  readonly rows: readonly AuditRow[]
}

const NOTHING: Kept = {
  state: { freezes: [], lifted: [], told: [], chain: { seq: 0, hash: GENESIS } },
  version: 0,
  rows: [],
}

/** Keeps freezes under the same contract as the table store. */
export function createSimFreezes(): SimFreezes {
  const environments = new Map<string, Kept>()
  const keptOf = (environment: string) => environments.get(environment) ?? NOTHING
  return {
    freezesOf: async (environment) => {
      const { state, version } = keptOf(environment)
      return { ...state, token: version }
    },
    commitFreezes: async (change) => {
      const { environment, token, freezes, lifted = [], told = [], chain, audit } = change
      const { version, rows } = keptOf(environment)
      if (token !== version) return 'conflict'
      checkChain(change, rows.length)
      const kept = { state: { freezes, lifted, told, chain }, version: version + 1, rows: [...rows, ...audit] }
      environments.set(environment, kept)
      return 'saved'
    },
    rowsOf: (environment) => keptOf(environment).rows,
  }
}

function checkChain({ environment, audit, chain }: FreezesChange, start: number): void {
  const isCounted = audit.every((row, index) => row.seq === start + index + 1)
  if (isCounted && chain.seq === start + audit.length) return
  throw new Error(`freezes of ${environment}: audit rows must go on from ${start}, the chain says ${chain.seq}`)
}
