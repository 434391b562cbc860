import type { ServiceKey } from '../core/service.ts'
import { type Status, statusOf } from '../core/status.ts'
import type { Loaded } from '../ports.ts'
import type { Wheel } from './wheel.ts'

/** A service as it stands, in words; null when there is none of that name. */
export async function statusFor(wheel: Wheel, key: ServiceKey): Promise<Status | null> {
  const item = await find(wheel, key)
  return item === null ? null : statusOf(item.service, item.rollout, wheel.clock.now())
}

/** A service with its newest rollout; null when there is none of that name. */
export async function find(wheel: Wheel, key: ServiceKey): Promise<Loaded | null> {
  const [item] = await wheel.store.load(key.environment, [key.name])
  return item ?? null
}

/** The environments, of those given, in which a service of that name exists. */
export async function environmentsOf(
  wheel: Wheel,
  environments: readonly string[],
  name: string,
): Promise<readonly string[]> {
  const found = await Promise.all(environments.map((environment) => find(wheel, { environment, name })))
  return environments.filter((_, index) => found[index] !== null)
}
