import { type Caller, mayDo } from '../core/caller.ts'
import type { Manifest } from '../core/service.ts'
import { servicesOf } from './services.ts'
import type { Wheel } from './wheel.ts'

/**
 * Why `caller`, who may configure the manifest's service, may not store it all the same; null = they may. Which app's traffic
 * is moved, and whose images it gets, is for Admins of the whole environment; an app that another service runs is for those
 * who may configure that service too. Whoever leaves app and repository as they stand in `before` needs neither. Throws Fault.
 */
export async function notTheirs(
  wheel: Wheel,
  environments: readonly string[],
  caller: Caller,
  manifest: Manifest,
  before: Manifest | null,
): Promise<string | null> {
  if (before !== null && appOf(before) === appOf(manifest) && sourceOf(before) === sourceOf(manifest)) return null
  const { environment } = manifest
  const what = before === null ? 'a new service' : 'another container app, registry or repository'
  if (!mayDo(caller, 'configure', { environment, name: null }))
    return `${what} takes the role admin for all of ${environment}, not for some services of it`
  if (mayDo(caller, 'configure', { environment: null, name: null })) return null
  const all = (await Promise.all(environments.map((one) => servicesOf(wheel, one)))).flat()
  const owners = all.filter((service) => appOf(service.manifest) === appOf(manifest))
  return owners.every(({ key }) => mayDo(caller, 'configure', key))
    ? null
    : `the container app ${manifest.target.app} is run by a service that is not theirs to configure`
}

/** Azure tells apps apart by these three, without regard to case. */
function appOf({ target: { subscriptionId, resourceGroup, app } }: Manifest): string {
  return [subscriptionId, resourceGroup, app].join('/').toLowerCase()
}

function sourceOf({ image: { registry, repository } }: Manifest): string {
  return `${registry}/${repository}`
}
