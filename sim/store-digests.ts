import type { SignedDigest } from '../lib/core/audit-digest.ts'
import type { Digests } from '../lib/ports.ts'
import { inverted, pageOf } from './store-pages.ts'

/** Digests of the audit, in memory. */
export interface SimDigests extends Digests {
  /** Puts others in the place of an environment's digests, as somebody who may write the table can. */
  rewrite(environment: string, digests: readonly SignedDigest[]): void
}

/** Keeps digests under the same contract as the table store. */
export function createSimDigests(): SimDigests {
  const environments = new Map<string, readonly SignedDigest[]>()
  const keptOf = (environment: string) => environments.get(environment) ?? []
  return {
    page: async (environment, limit, from) => {
      const rows = keptOf(environment).map((item) => ({ at: inverted(item.number), item }))
      return pageOf(rows, limit, from, `digests of ${environment}`)
    },
    append: async (digest) => {
      const kept = keptOf(digest.environment)
      if (kept.some(({ number }) => number === digest.number)) return 'conflict'
      environments.set(digest.environment, [...kept, digest])
      return 'saved'
    },
    rewrite: (environment, digests) => void environments.set(environment, digests),
  }
}
