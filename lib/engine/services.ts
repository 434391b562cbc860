import type { ServiceState } from '../core/service.ts'
import type { Wheel } from './wheel.ts'

/** Services that the store lists at once: as many rows as one answer holds. */
const PAGE = 1000

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
