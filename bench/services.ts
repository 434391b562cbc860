import { createHash } from 'node:crypto'
import { type Manifest, type Push, pinnedImage } from '../lib/core/service.ts'
import { readManifest } from '../lib/schema/manifest.ts'
import type { World } from '../sim/world/types.ts'

export const ENVIRONMENT = 'production'
export const MINUTE_MS = 60_000
const REGISTRY = 'registry.example.com'

/** A service with the default plan unless `steps` says otherwise: looked at once a minute, p95 and errors judged each time. */
export function manifestOf(
  name: string,
  steps: readonly string[] = [],
  environment = ENVIRONMENT,
  interval = '1m',
): Manifest {
  const read = readManifest(`
name: ${name}
environment: ${environment}
target: { subscription: 00000000-0000-0000-0000-000000000001, resourceGroup: rides, containerApp: ${name} }
image: { registry: ${REGISTRY}, repository: ${name}, tags: { glob: "v*" } }
analysis: { interval: ${interval} }
${steps.length === 0 ? '' : `strategy: { canary: { steps: [${steps.map((step) => `{ ${step} }`).join(', ')}] } }`}
`)
  if (!read.ok) throw new Error(JSON.stringify(read.issues))
  return read.manifest
}

/** Version `n` of a service, as it was pushed at `pushedAt`. */
export function pushOf(name: string, n: number, pushedAt: number): Push {
  const digest = `sha256:${createHash('sha256').update(`${name} ${n}`).digest('hex')}`
  const eventId = `${name}-${n}`
  return { registry: REGISTRY, repository: name, tag: `v${n}`, digest, pushedAt, eventId, source: 'acr', author: null }
}

/** Lets a service run in the world as if it had always been there, at version 1 with all traffic. */
export function addService(world: World, manifest: Manifest): void {
  const image = pinnedImage(pushOf(manifest.name, 1, 0))
  world.addApp({ target: manifest.target, image, suffix: 'v1' })
}
