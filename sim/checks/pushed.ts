/** The digest of a push as an audit row tells it in its details; empty where it tells none. */
export function digestOf(push: unknown): string {
  const told = typeof push === 'object' && push !== null && 'digest' in push ? push.digest : null
  return typeof told === 'string' ? told : ''
}
