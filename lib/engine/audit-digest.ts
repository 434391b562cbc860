import { type ChainHead, digestText, isDigestDue, nextDigest, type PublicKey } from '../core/audit-digest.ts'
import { entityId } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type { Digests, Signer } from '../ports.ts'
import { ATTEMPTS } from './attempts.ts'
import { servicesOf } from './services.ts'
import type { Wheel } from './wheel.ts'

/** What writing digests needs beside the wheel. */
export interface Notary {
  readonly digests: Digests
  readonly signer: Signer
}

/** What came of an environment's hour. `known`: its digest stood already. */
export interface Digested {
  readonly environment: string
  readonly result: 'written' | 'known' | 'failed'
  readonly error: unknown
}

/**
 * Writes the digest of this hour for each environment, once, however often it is called; hours that were missed are made up
 * by it. A digest is one row that is created or refused, so that a crash leaves the chain as it was or one digest longer.
 * What fails in one environment stops no other. Never throws.
 */
export async function writeDigests(
  wheel: Wheel,
  notary: Notary,
  environments: readonly string[],
): Promise<readonly Digested[]> {
  return Promise.all(
    environments.map(async (environment): Promise<Digested> => {
      try {
        return { environment, result: await writeDigest(wheel, notary, environment), error: null }
      } catch (error) {
        return { environment, result: 'failed', error }
      }
    }),
  )
}

/** The public halves of the keys that sign, newest first; none where nobody has made a key yet. Throws Fault. */
export async function publicKeys(signer: Pick<Signer, 'publicKeys'>): Promise<readonly PublicKey[]> {
  try {
    return await signer.publicKeys()
  } catch (error) {
    if (error instanceof Fault && error.kind === 'not-found') return []
    throw error
  }
}

async function writeDigest(wheel: Wheel, { digests, signer }: Notary, environment: string) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const newest = (await digests.page(environment, 1, null)).items[0] ?? null
    const now = wheel.clock.now()
    if (!isDigestDue(newest, now)) return 'known'
    const heads = withUnread(await headsOf(wheel, environment), newest?.heads ?? [])
    const digest = nextDigest(newest, environment, heads, now)
    const text = digestText(digest)
    const signed = { ...digest, hash: wheel.digest(text), signature: await signer.sign(text) }
    if ((await digests.append(signed)) === 'saved') return 'written'
  }
  const because = `its next number is taken, though no digest with that number can be read`
  throw new Fault('conflict', `The digest of ${environment} was not stored in ${ATTEMPTS} tries: ${because}.`)
}

/** A chain that is not listed, as its service cannot be read now, keeps the head that it had: what was said of it stands. */
function withUnread(heads: readonly ChainHead[], before: readonly ChainHead[]): readonly ChainHead[] {
  const listed = new Set(heads.map(({ entityId }) => entityId))
  return [...heads, ...before.filter(({ entityId }) => !listed.has(entityId))]
}

/** Where every chain stands now; those without a row at 0. Throws Fault. Heads are read one after the other: each is a true one, and none goes back. */
export async function headsOf(wheel: Wheel, environment: string): Promise<readonly ChainHead[]> {
  const { chain } = await wheel.freezes.freezesOf(environment)
  const services = await servicesOf(wheel, environment)
  return [
    { entityId: environment, ...chain },
    ...services.map(({ key, chain }) => ({ entityId: entityId(key), ...chain })),
  ]
}
