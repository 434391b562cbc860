import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** The keys of a function app. `host` opens every function, `functions` one each, `master` also the admin level. */
export interface HostKeys {
  readonly host: string
  readonly master?: string
  readonly functions?: Readonly<Record<string, string>>
}

export type AuthLevel = 'anonymous' | 'function' | 'admin'

const BLIND = randomBytes(32)

/**
 * Whether a request may enter a function. The key is taken from the `x-functions-key` header, and only where that is
 * absent from the `code` query parameter, as Azure's host does (AuthenticationLevelHandler.cs).
 */
export function mayEnter(keys: HostKeys, level: AuthLevel, functionName: string, offered: string | null): boolean {
  if (level === 'anonymous') return true
  if (offered === null || offered === '') return false
  const own =
    keys.functions !== undefined && Object.hasOwn(keys.functions, functionName)
      ? keys.functions[functionName]
      : undefined
  const good = level === 'admin' ? [keys.master] : [keys.master, keys.host, own]
  return good.filter((key) => key !== undefined && key !== '' && same(key, offered)).length > 0
}

/** The key that a request offers, or null. */
export function offeredKey(headers: Readonly<Record<string, string>>, query: URLSearchParams): string | null {
  return headers['x-functions-key'] ?? query.get('code')
}

function same(key: string, offered: string): boolean {
  return timingSafeEqual(digest(key), digest(offered))
}

function digest(text: string): Buffer {
  return createHmac('sha256', BLIND).update(text).digest()
}
