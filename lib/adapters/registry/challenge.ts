/** What a registry asks for when it answers 401: a scheme in lower case and its parameters. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

const LONGEST_HEADER = 4096

/**
 * Reads a `WWW-Authenticate` header (RFC 9110 §11.6.1): its challenges in order, parameters with quotes taken off.
 * Null, an over-long or an unreadable header gives none.
 */
export function readChallenges(header: string | null): readonly Challenge[] {
  if (header === null || header.length > LONGEST_HEADER) return []
  const challenges: { scheme: string; parameters: Record<string, string> }[] = []
  const token = /[\s,]*(?:([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([\w-]+)(?=\s|,|$))/gy
  for (let match = token.exec(header); match !== null; match = token.exec(header)) {
    const [, name, quoted, plain, scheme] = match
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: {} })
    const open = challenges.at(-1)
    if (name !== undefined && open !== undefined) {
      open.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? ''
    }
  }
  return challenges
}
