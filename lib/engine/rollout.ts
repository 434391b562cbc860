import type { Rollout } from '../core/rollout.ts'
import { rolloutTag } from '../core/rollout-tag.ts'
import type { Loaded } from '../ports.ts'
import type { Wheel } from './wheel.ts'

/** A rollout of a service by the number in its id, whole, with the tag for commands; null where it has none of that number. */
export async function rolloutView(
  wheel: Wheel,
  item: Loaded,
  number: string,
): Promise<(Rollout & { readonly etag: string }) | null> {
  if (!/^[1-9]\d{0,8}$/.test(number)) return null
  const rollout = await rolloutOf(wheel, item, Number(number))
  return rollout === null ? null : { ...rollout, etag: rolloutTag(rollout) }
}

/** Looks at the newest rollout first; older ones are searched page by page, newest first. Throws Fault. */
export async function rolloutOf(wheel: Wheel, { rollout, service }: Loaded, number: number): Promise<Rollout | null> {
  if (rollout?.number === number) return rollout
  if (number > service.rolloutNumber) return null
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<Wheel['catalogue']['rollouts']>> = await wheel.catalogue.rollouts(
      service.key,
      PAGE,
      from,
    )
    const found = page.items.find((candidate) => candidate.number === number)
    if (found !== undefined) return found
    if (page.items.some((candidate) => candidate.number < number)) return null
    from = page.next
  } while (from !== null)
  return null
}

const PAGE = 100
