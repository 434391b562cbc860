import { keyOf } from '../world/injections.ts'
import type { World } from '../world/types.ts'
import type { AccessLog } from './access-log.ts'
import type { MetricsServerOptions } from './metrics.ts'

/**
 * Finds the apps of a world for a metrics server, names in capitals or not. All of them share one ingress log, in which an
 * app is known by its name alone, so no two of them should have the same.
 */
export function appsIn(world: Pick<World, 'apps' | 'see'>, log: AccessLog): MetricsServerOptions['find'] {
  return (subscriptionId, resourceGroup, app) => {
    const wanted = keyOf({ subscriptionId, resourceGroup, app })
    const key = world.apps().find((known) => keyOf(known) === wanted)
    if (key === undefined) return null
    const { location } = world.see({ ...key, container: null })
    return { region: location.replaceAll(' ', '').toLowerCase(), log }
  }
}
