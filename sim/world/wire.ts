/** Any JSON object; what a request body is before it was looked at. */
export type Json = Readonly<Record<string, unknown>>

/** An entry of `configuration.ingress.traffic`, as ARM sends it. */
export interface WireTraffic {
  readonly revisionName?: string
  readonly latestRevision?: boolean
  readonly weight?: number
  readonly label?: string
}

/** A variable of a container: a value, or the name of a secret of the app. */
export interface WireVariable {
  readonly name: string
  readonly value?: string
  readonly secretRef?: string
}

/** A container of a template; `image` may be a tag or a digest reference. */
export interface WireContainer {
  readonly name: string
  readonly image: string
  readonly env?: readonly WireVariable[]
  readonly resources?: { readonly cpu?: number; readonly memory?: string }
  readonly [more: string]: unknown
}

/** The part of an app that revisions are made of. */
export interface WireTemplate {
  readonly revisionSuffix?: string
  readonly containers: readonly WireContainer[]
  readonly scale?: { readonly minReplicas?: number; readonly maxReplicas?: number; readonly cooldownPeriod?: number }
  readonly [more: string]: unknown
}

/** A secret of an app. The world keeps the value; no answer ever holds it. */
export interface WireSecret {
  readonly name: string
  readonly value?: string
  readonly keyVaultUrl?: string
  readonly identity?: string
}

/** What ingress does for an app. */
export interface WireIngress {
  readonly external?: boolean
  readonly targetPort?: number
  readonly transport?: string
  readonly allowInsecure?: boolean
  readonly traffic: readonly WireTraffic[]
  readonly stickySessions?: { readonly affinity?: string }
  readonly [more: string]: unknown
}

/** The part of an app that all its revisions share. */
export interface WireConfiguration {
  readonly activeRevisionsMode: string
  readonly ingress: WireIngress
  readonly secrets?: readonly WireSecret[]
  readonly maxInactiveRevisions?: number
  readonly targetLabel?: string
  readonly [more: string]: unknown
}

/** Applies a JSON merge patch (RFC 7396): objects merge, arrays are replaced whole, null deletes. Inputs stay as they are. */
export function mergePatch(base: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged: Record<string, unknown> = isObject(base) ? { ...base } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergePatch(merged[name], value)
  }
  return merged
}

/** Whether a JSON value is an object, not an array and not null. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
