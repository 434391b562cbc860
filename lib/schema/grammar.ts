/** Names of services, environments, container apps and KPIs: 2–32 of `a-z 0-9 -`, a letter first, no dash last. */
export const NAME = /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/

/** A registry's host as it stands in image names: lower case, a port where it has one, no scheme, no path. */
export const REGISTRY_HOST =
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*(?::[0-9]{1,5})?$/

/** A repository's name (OCI distribution spec, `<name>`): lower-case parts divided by `/`. Bound its length to 255 apart. */
export const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/

/** A tag (OCI distribution spec, `<reference>`): 1–128 characters. */
export const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/

/** A content digest, SHA-256 only. */
export const DIGEST = /^sha256:[0-9a-f]{64}$/

/** A tag pattern: characters of tags, with `*` for any run and `?` for any one. */
export const TAG_GLOB = /^[A-Za-z0-9._*?-]{1,128}$/

/** A GUID in its usual writing. */
export const GUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/

/** A metric's name in Prometheus. */
export const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/

/** A label's name in Prometheus; two underscores in front are kept for Prometheus itself. */
export const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,199}$/

/** A resource group (Azure naming rules): 1–90 of letters, digits, `_ - . ( )`, no dot last. */
export const RESOURCE_GROUP = /^[\p{L}\p{N}_().-]{0,89}[\p{L}\p{N}_()-]$/u

/** A container app (Azure naming rules): as NAME, and never two dashes in a row, which part app and revision. */
export const CONTAINER_APP = /^(?!.*--)[a-z][a-z0-9-]{0,30}[a-z0-9]$/

/** A container within an app: lower-case letters, digits and dashes, at most 63. */
export const CONTAINER = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** A rollout's id: `<service>-<number>`. */
export const ROLLOUT_ID = /^[a-z][a-z0-9-]{0,30}[a-z0-9]-[1-9][0-9]{0,8}$/

/** A moment as RFC 3339 writes it, with up to twelve digits after the second. */
const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,12})?(Z|[+-]\d{2}:\d{2})$/i

/** Epoch milliseconds of an RFC 3339 moment (finer digits are cut off), or null when it is none. */
export function readInstant(text: string): number | null {
  const match = INSTANT.exec(text)
  if (match === null) return null
  const [, seconds = '', fraction = '', zone = ''] = match
  const at = Date.parse(`${seconds}${fraction.slice(0, 4)}${zone}`.toUpperCase())
  return Number.isNaN(at) ? null : at
}
