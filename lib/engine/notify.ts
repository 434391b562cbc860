import type { Parcel } from '../ports.ts'
import { type Postman, workOff } from './notify-line.ts'

export type { Postman, Sink } from './notify-line.ts'

/** What one round did. */
export interface Round {
  readonly delivered: number
  /** What was given up in this round: somebody must look at it. */
  readonly dead: readonly Parcel[]
  /** What went wrong here, not at a sink; the next round tries again. */
  readonly troubles: readonly unknown[]
}

/** How many notices one round hands out at most. */
const MOST_HANDED_OUT = 200

/**
 * One round of telling for an environment: what decisions left in the outbox goes into the lines of the sinks that want it,
 * and each line is worked off as far as its sink takes it. The work of a round is bounded, sinks do not wait for each
 * other, and no rollout waits for any of it. Two rounds at once do no harm: one of them has a sink, the other passes it by.
 */
export async function notify(postman: Postman, environment: string): Promise<Round> {
  const troubles: unknown[] = []
  try {
    await handOut(postman, environment)
  } catch (error) {
    troubles.push(error)
  }
  const worked = await Promise.allSettled(postman.sinks.map((sink) => workOff(postman, environment, sink)))
  const lines = worked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  for (const one of worked) if (one.status === 'rejected') troubles.push(one.reason)
  return {
    delivered: lines.reduce((sum, line) => sum + line.delivered, 0),
    dead: lines.flatMap(({ dead }) => dead),
    troubles: [...troubles, ...lines.flatMap((line) => line.troubles)],
  }
}

async function handOut({ clock, outbox, sinks }: Postman, environment: string): Promise<void> {
  for (const unsent of await outbox.unsent(environment, MOST_HANDED_OUT)) {
    const wanting = sinks.filter(({ wants }) => wants(unsent.notice))
    await outbox.handOut(
      unsent,
      wanting.map(({ name }) => name),
      clock.now(),
    )
  }
}
