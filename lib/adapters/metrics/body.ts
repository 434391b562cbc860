/** The body as text, or null where it is longer than `maxBytes` (unpacked); then the rest is not read. */
export async function readBody(response: Response, maxBytes: number): Promise<string | null> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return null
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** The value of a JSON text, or undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether a value has fields that can be looked at. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Why `fetch` failed, as a short word that holds nothing of the request: `TIMEOUT`, `ECONNREFUSED` and the like. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'TIMEOUT'
  const cause = error instanceof Error && isRecord(error.cause) ? error.cause.code : undefined
  return typeof cause === 'string' && /^[A-Z0-9_]{1,60}$/.test(cause) ? cause : 'connection failed'
}
