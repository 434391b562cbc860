import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'

/** Both sides are compared as digests under a key that nobody outside this process knows: equal length, nothing to time. */
const BLIND = createSecretKey(randomBytes(32))

/**
 * Says whether the headers carry one of the live keys: in `x-slipway-key`, or in `Authorization` as it stands, after
 * `Bearer `, or as the password of `Basic`. Constant in time: every offer is compared with every key. No key, no entry.
 */
export function sharedSecret(headers: Headers, liveKeys: readonly string[]): boolean {
  const offers = offered(headers).map(digest)
  const keys = liveKeys.filter((key) => key !== '').map(digest)
  let matches = 0
  for (const key of keys) for (const offer of offers) matches += Number(timingSafeEqual(key, offer))
  return matches > 0
}

function offered(headers: Headers): string[] {
  const offers = [headers.get('x-slipway-key'), ...fromAuthorization(headers.get('authorization'))]
  return offers.filter((offer): offer is string => offer !== null && offer !== '')
}

function fromAuthorization(value: string | null): (string | null)[] {
  if (value === null) return []
  const [scheme = '', ...rest] = value.trim().split(' ')
  const credentials = rest.join(' ').trim()
  if (scheme.toLowerCase() === 'bearer') return [value, credentials]
  if (scheme.toLowerCase() === 'basic') return [value, passwordOf(credentials)]
  return [value]
}

function passwordOf(credentials: string): string | null {
  const pair = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon < 0 ? null : pair.slice(colon + 1)
}

function digest(text: string): Buffer {
  return createHmac('sha256', BLIND).update(text, 'utf8').digest()
}
