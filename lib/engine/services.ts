import type { ServiceState } from '../core/service.ts'
import type { Wheel } from './wheel.ts'

/** Services that the store lists at once: as many rows as one answer holds. */
const PAGE = 1000
/** Pieces of work under way at once: storage bears more, and a night is long. */
const LANES = 8

/** All services of an environment that have a manifest, by name. Throws Fault. */
export async function servicesOf({ catalogue }: Wheel, environment: string): Promise<readonly ServiceState[]> {
  const services: ServiceState[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<Wheel['catalogue']['list']>> = await catalogue.list(environment, PAGE, from)
    services.push(...page.items)
    from = page.next
  } while (from !== null)
  return services
}

/** Does a piece of work for every item, `lanes` at a time; the answers in the order of the items. */
export async function inLanes<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  lanes = LANES,
): Promise<readonly R[]> {
  const answers: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const place = next
      next += 1
      answers[place] = await work(items[place] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
  return answers
}
