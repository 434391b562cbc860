import type { Manifest } from '../core/service.ts'
import { misfits } from './fits.ts'
import type { Issue } from './issue.ts'
import { readManifest } from './manifest.ts'
import type { Settings } from './settings.ts'

/** A manifest that was sent for a service, or why it cannot be taken. */
export type OfferedRead =
  | { readonly kind: 'read'; readonly manifest: Manifest }
  | { readonly kind: 'issues'; readonly because: string; readonly issues: readonly Issue[] }
  | { readonly kind: 'other-name'; readonly because: string }

/**
 * Reads a manifest that is to be of service `name` and to fit this installation. `permit` is asked once it is known what it
 * is of, before anything is told about the installation. Throws only what `permit` throws.
 */
export function readOffered(
  bytes: Uint8Array,
  name: string,
  settings: Settings,
  permit: (manifest: Manifest) => void,
): OfferedRead {
  const read = readManifest(new TextDecoder().decode(bytes))
  if (!read.ok)
    return { kind: 'issues', because: 'The manifest is not valid. Nothing was stored.', issues: read.issues }
  const { manifest } = read
  if (manifest.name !== name)
    return { kind: 'other-name', because: `The manifest is of ${manifest.name}, but the URL names ${name}.` }
  permit(manifest)
  const issues = misfits(manifest, settings)
  if (issues.length === 0) return { kind: 'read', manifest }
  return { kind: 'issues', because: 'The manifest does not fit this installation. Nothing was stored.', issues }
}
