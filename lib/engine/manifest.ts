import type { AuditDraft } from '../core/audit.ts'
import { canonical, GENESIS } from '../core/chain.ts'
import type { By } from '../core/facts.ts'
import type { Manifest, ServiceKey, ServiceState } from '../core/service.ts'
import { isRunning } from '../core/start.ts'
import { Fault } from '../errors.ts'
import type { Loaded } from '../ports.ts'
import { ATTEMPTS } from './attempts.ts'
import { checkReadable, sealed, type Wheel } from './wheel.ts'

/** What storing a manifest brought. */
export interface Stored {
  /** `stale`: the version that the caller had in mind is not the newest; nothing was stored. */
  readonly kind: 'created' | 'changed' | 'unchanged' | 'stale'
  readonly version: number
  /** The rollout that goes on with the manifest of before, or null. */
  readonly running: string | null
}

/**
 * Stores a checked manifest as the newest version of its service; the same manifest again changes nothing. A rollout that
 * runs keeps the manifest it began with: the new one applies from the next rollout on. `follows` tells whether it may
 * follow a version (0 = there is none yet); `permit` throws where its sender may not put it in the place of what stands.
 */
export async function storeManifest(
  wheel: Wheel,
  manifest: Manifest,
  by: By,
  follows: (version: number) => boolean = () => true,
  permit: (before: Manifest | null) => Promise<void> = async () => {},
): Promise<Stored> {
  const key: ServiceKey = { environment: manifest.environment, name: manifest.name }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [item] = await wheel.store.load(key.environment, [key.name])
    if (item === undefined) checkReadable(wheel, key, 'nothing was stored')
    const version = item?.service.manifestVersion ?? 0
    if (!follows(version)) return { kind: 'stale', version, running: null }
    await permit(item?.service.manifest ?? null)
    // Before the manifest: a push that finds no service for its repository would be ignored for good.
    await wheel.catalogue.index(key, manifest.image.registry, manifest.image.repository)
    const stored = await storeOnce(wheel, key, manifest, by, item)
    if (stored !== null) return stored
  }
  throw new Fault(
    'conflict',
    `${key.name} changed ${ATTEMPTS} times while its manifest was being stored; send it again`,
  )
}

/** One attempt; null = somebody else wrote first. */
async function storeOnce(
  wheel: Wheel,
  key: ServiceKey,
  manifest: Manifest,
  by: By,
  item: Loaded | undefined,
): Promise<Stored | null> {
  const running = item !== undefined && isRunning(item.rollout) ? item.rollout.id : null
  const version = (item?.service.manifestVersion ?? 0) + 1
  if (item !== undefined && canonical(item.service.manifest) === canonical(manifest)) {
    return { kind: 'unchanged', version: version - 1, running }
  }
  const before: ServiceState = item?.service ?? {
    schema: 1,
    key,
    manifest,
    manifestVersion: 0,
    rolloutNumber: 0,
    pending: [],
    undo: null,
    handled: [],
    chain: { seq: 0, hash: GENESIS },
  }
  const row = rowFor(version, by, running, item?.service.manifest ?? null, manifest)
  const now = wheel.clock.now()
  const { service, audit } = sealed(wheel, { ...before, manifest, manifestVersion: version }, [row], now)
  const saved = await wheel.store.commit({ key, token: item?.token ?? null, service, audit })
  if (saved === 'conflict') return null
  return { kind: item === undefined ? 'created' : 'changed', version, running }
}

function rowFor(version: number, by: By, running: string | null, before: Manifest | null, after: Manifest): AuditDraft {
  const { actor, ...asked } = typeof by === 'string' ? { actor: by } : by
  const scope = running === null ? '' : `; ${running} goes on with the version it began with`
  return {
    kind: 'manifest-stored',
    metric: 'manifest-version',
    value: version,
    notes: `manifest version ${version} was stored${scope}`,
    actor,
    rollout: running,
    step: null,
    weightsBefore: null,
    weightsAfter: null,
    evidence: [],
    detail: { before, after, ...asked },
  }
}
