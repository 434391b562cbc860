/** The longest that a caller may wait for a change, in seconds. */
export const LONGEST_WAIT_SECONDS = 25

/**
 * How many seconds a caller would wait for a change: `Prefer: wait=10` (RFC 7240, 4.3), at most 25; 0 where they did not
 * ask, or asked in a way that cannot be read, which a preference never makes an error.
 */
export function waitAsked(headers: Headers): number {
  const named = (headers.get('prefer') ?? '').split(',').map((each) => each.split(';')[0]?.trim() ?? '')
  const seconds = named.map((each) => /^wait\s*=\s*"?(\d{1,6})"?$/i.exec(each)?.[1]).find((each) => each !== undefined)
  return Math.min(Number(seconds ?? 0), LONGEST_WAIT_SECONDS)
}
