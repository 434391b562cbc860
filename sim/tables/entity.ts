import { refusalOf } from './refusal.ts'

/** The properties of an entity as they go over the wire, types as `<name>@odata.type`; without keys, Timestamp and nulls. */
export type Properties = Readonly<Record<string, unknown>>

/** Where an entity lies. */
export interface EntityKey {
  readonly partitionKey: string
  readonly rowKey: string
}

// https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
const MOST_BYTES = 1024 * 1024
const MOST_PROPERTIES = 252
const MOST_STRING_BYTES = 64 * 1024
const MOST_KEY_CHARS = 512
const MOST_NAME_CHARS = 255
const ANNOTATION = '@odata.type'
const FORBIDDEN_IN_KEYS = /[/\\#?\p{Cc}]/u
const NAME = /^[\p{L}_][\p{L}\p{Nd}_]*$/u
const FIXED_BYTES: Readonly<Record<string, number>> = {
  'Edm.DateTime': 8,
  'Edm.Double': 8,
  'Edm.Int64': 8,
  'Edm.Int32': 4,
  'Edm.Boolean': 1,
  'Edm.Guid': 16,
}

/** Refuses keys that Table Storage does not take. Throws TableRefusal. */
export function checkKeys({ partitionKey, rowKey }: EntityKey): void {
  for (const key of [partitionKey, rowKey]) {
    if (key.length > MOST_KEY_CHARS) throw refusalOf('KeyValueTooLarge')
    if (FORBIDDEN_IN_KEYS.test(key)) throw refusalOf('OutOfRangeInput')
  }
}

/** What a body says of an entity: its keys, where it names them, and its own properties. Throws TableRefusal. */
export function entityIn(body: string): { readonly keys: Partial<EntityKey>; readonly properties: Properties } {
  const parsed = objectIn(body)
  const { PartitionKey, RowKey, Timestamp: _, ...rest } = parsed
  if (![PartitionKey, RowKey].every((key) => key === undefined || typeof key === 'string'))
    throw refusalOf('PropertiesNeedValue')
  const properties: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(rest)) {
    if (value === null || name.startsWith('odata.')) continue
    if (!name.endsWith(ANNOTATION)) properties[name] = value
    else if (isKept(value) && rest[name.slice(0, -ANNOTATION.length)] !== null) properties[name] = value
  }
  return {
    keys: {
      ...(typeof PartitionKey === 'string' ? { partitionKey: PartitionKey } : {}),
      ...(typeof RowKey === 'string' ? { rowKey: RowKey } : {}),
    },
    properties,
  }
}

/** Refuses an entity beyond the limits: properties, their names and values, and the size of the whole. Throws TableRefusal. */
export function checkEntity({ partitionKey, rowKey }: EntityKey, properties: Properties): void {
  let bytes = 4 + (partitionKey.length + rowKey.length) * 2
  let count = 0
  for (const [name, value] of Object.entries(properties)) {
    if (name.endsWith(ANNOTATION)) continue
    count += 1
    if (name.length > MOST_NAME_CHARS) throw refusalOf('PropertyNameTooLong')
    if (!NAME.test(name)) throw refusalOf('PropertyNameInvalid')
    bytes += 8 + name.length * 2 + bytesOf(value, properties[`${name}${ANNOTATION}`])
  }
  if (count > MOST_PROPERTIES) throw refusalOf('TooManyProperties')
  if (bytes > MOST_BYTES) throw refusalOf('EntityTooLarge')
}

function objectIn(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw refusalOf('InvalidInput')
}

/** With the metadata that the SDK asks for, a type is told where JSON alone would not say it. */
function isKept(type: unknown): boolean {
  return !['Edm.String', 'Edm.Boolean', 'Edm.Int32'].includes(String(type))
}

function bytesOf(value: unknown, type: unknown): number {
  const fixed = FIXED_BYTES[String(type)]
  if (fixed !== undefined) return fixed
  if (typeof value === 'boolean') return 1
  if (typeof value === 'number') return Number.isInteger(value) ? 4 : 8
  if (typeof value !== 'string') throw refusalOf('InvalidInput')
  const bytes = type === 'Edm.Binary' ? Buffer.byteLength(value, 'base64') : value.length * 2
  if (bytes > MOST_STRING_BYTES) throw refusalOf('PropertyValueTooLarge')
  return bytes + 4
}
