import type { Delivery } from '../../ports.ts'
import type { Issue } from '../issue.ts'

/** What a reader knows besides the body: when it came (epoch milliseconds), and its headers, names in lower case. */
export interface PushContext {
  readonly receivedAt: number
  readonly headers: Readonly<Record<string, string>>
}

/**
 * What a body of a hook says.
 *
 * - `deliveries`: pushes to act on and events to write down as ignored; each is to be stored before the hook answers.
 * - `handshake`: Event Grid asks whether it may send here; answer with the code, if `topic` is one of ours.
 * - `issues`: the body is no body of this source.
 */
export type PushRead =
  | { readonly kind: 'deliveries'; readonly deliveries: readonly Delivery[] }
  | { readonly kind: 'handshake'; readonly validationCode: string; readonly topic: string }
  | { readonly kind: 'issues'; readonly issues: readonly Issue[] }

/** Understands the bodies of one source. Never throws; the body may be anything. */
export type PushReader = (body: unknown, context: PushContext) => PushRead
