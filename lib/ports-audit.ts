import type { AuditRow } from './core/audit.ts'
import type { SignedCut } from './core/audit-cut.ts'
import type { PublicKey, Signature, SignedDigest } from './core/audit-digest.ts'
import type { Break } from './core/chain-walk.ts'
import type { PersonRecord } from './core/people.ts'
import type { Page } from './ports-page.ts'

/** Signs what must be provable to outsiders. Both throw Fault. */
export interface Signer {
  sign(text: string): Promise<Signature>
  /** The public halves of the keys that sign now or did lately, newest first. */
  publicKeys(): Promise<readonly PublicKey[]>
}

/** The signed digests of the audit. Nothing is ever changed or taken out. Both throw Fault. */
export interface Digests {
  /** Digests of an environment, newest first. */
  page(environment: string, limit: number, from: string | null): Promise<Page<SignedDigest>>
  /** `conflict`: a digest with this number stands already; nothing was stored. */
  append(digest: SignedDigest): Promise<'saved' | 'conflict'>
}

/** How far the night's check of an environment's audit has come. */
export interface Night {
  readonly startedAt: number
  /** `going`: windows are left; `found`: all was seen, and is to be told; `over`: it was told. */
  readonly phase: 'going' | 'found' | 'over'
  /** Number of the newest digest when it began; 0 = there was none. */
  readonly newest: number
  /** The digest from which it goes on back, and the hash that it must have; null = there is none left. */
  readonly next: { readonly number: number; readonly hash: string } | null
  /** Rows that were found right so far. */
  readonly rows: number
  readonly found: readonly Break[]
  /** What the night before came to; null = there was none. */
  readonly last: {
    readonly at: number
    readonly startedAt: number
    readonly rows: number
    readonly found: number
    /** When what was found was told last, and a digest of it; absent = nothing was found, or none of these words were kept yet. */
    readonly told?: { readonly at: number; readonly mark: string }
  } | null
  /** The digest from which the last call went on, and how often calls could not get away from where they began of late; absent = none has. */
  readonly stuck?: { readonly at: number; readonly calls: number }
}

/** What the night's check and the retention need of storage. All methods throw Fault. */
export interface AuditKeeper {
  digest(environment: string, number: number): Promise<SignedDigest | null>
  /** How far the night's check is; null before the first. The token is opaque to everyone but the store. */
  night(environment: string): Promise<{ readonly night: Night | null; readonly token: unknown }>
  /** The token for the next state, or null: somebody else wrote it since. */
  keepNight(environment: string, night: Night, token: unknown): Promise<{ readonly token: unknown } | null>
  /** The newest cut of an environment; null = nothing was ever removed. */
  newestCut(environment: string): Promise<SignedCut | null>
  /** `conflict`: a cut with this number stands already; nothing was stored. */
  appendCut(cut: SignedCut): Promise<'saved' | 'conflict'>
  /** Removes rows of the audit, in this order; those that are gone already are passed over. */
  removeRows(environment: string, rows: readonly Pick<AuditRow, 'entityId' | 'seq' | 'happenedAt'>[]): Promise<void>
}

/**
 * Who stands behind the pseudonyms that everything else is stored with. Kept apart from it, so that whoever is taken out here
 * can be found nowhere else. One for the whole installation. All methods throw Fault.
 */
export interface People {
  /** Who has this object id, or (`word`, whatever the case) is called so by manifests and registries; null = nobody here. */
  find(kind: PersonRecord['kind'], key: string): Promise<PersonRecord | null>
  /** Gives a new pseudonym, made at random; where somebody was faster, theirs. */
  add(kind: PersonRecord['kind'], key: string, name: string, now: number): Promise<PersonRecord>
  /** Remembers another name; nothing where the person is gone. */
  rename(pseudonym: string, name: string): Promise<void>
  /** Who stands behind each of these; null = nobody any more. What is no pseudonym is left out. */
  named(pseudonyms: readonly string[]): Promise<ReadonlyMap<string, PersonRecord | null>>
  /** All of them, in the order of their pseudonyms, which says nothing. */
  list(limit: number, from: string | null): Promise<Page<PersonRecord>>
  /** Takes a person out for good: nothing says any more whose the pseudonym was. False = nobody stands behind it. */
  erase(pseudonym: string): Promise<boolean>
}
