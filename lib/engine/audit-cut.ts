import { type SignedCut, wrongCut } from '../core/audit-cut.ts'
import type { PublicKey, Signature } from '../core/audit-digest.ts'
import type { SignatureVerdict } from '../core/digest-check.ts'
import type { AuditKeeper } from '../ports.ts'
import { type Notary, publicKeys } from './audit-digest.ts'
import type { Wheel } from './wheel.ts'

/** What believing a cut needs beside the wheel. */
export interface CutReader extends Notary {
  readonly keeper: AuditKeeper
  /** Whether a signature over a text was made with one of these keys. */
  readonly verify: (keys: readonly PublicKey[], text: string, signature: Signature) => SignatureVerdict
}

/** The newest cut of an environment. `wrong`: it is not what it says, and nothing may go by it. */
export type CutFound =
  | { readonly kind: 'none' }
  | { readonly kind: 'sound'; readonly cut: SignedCut }
  | { readonly kind: 'wrong'; readonly because: string }

/**
 * The newest cut of an environment, and whether it is signed, at a digest that stands, and of what was old enough: whoever
 * can write the table can store another. Throws Fault.
 */
export async function findCut(
  wheel: Pick<Wheel, 'digest'>,
  { digests, keeper, signer, verify }: CutReader,
  environment: string,
): Promise<CutFound> {
  const cut = await keeper.newestCut(environment)
  if (cut === null) return { kind: 'none' }
  const [page, named, keys] = await Promise.all([
    digests.page(environment, 1, null),
    keeper.digest(environment, cut.digest.number),
    publicKeys(signer),
  ])
  const because = wrongCut(cut, environment, {
    digest: wheel.digest,
    verifySignature: (text, signature) => verify(keys, text, signature),
    newest: page.items[0]?.number ?? 0,
    named,
  })
  return because === null ? { kind: 'sound', cut } : { kind: 'wrong', because }
}
