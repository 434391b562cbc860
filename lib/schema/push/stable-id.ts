const SENT_ID = /^[\x21-\x7e]{1,200}$/

/** The sender's id where it is one (1–200 visible ASCII characters), else null. */
export function sentId(value: unknown): string | null {
  return typeof value === 'string' && SENT_ID.test(value) ? value : null
}

/**
 * An id made from what was said: the same for the same content, so that a second delivery is known again. It guards
 * against accidents only (128 bits, no cryptography): whoever may send here could choose the id anyway, and a push is
 * always told from another by its digest too.
 */
export function contentId(source: string, content: unknown): string {
  const text = JSON.stringify(content) ?? ''
  return `${source}-${LANES.map((start) => fold(text, start).toString(16).padStart(8, '0')).join('')}`
}

/** Four starts, so that texts which meet by chance in one lane part in the others. */
const LANES = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35] as const

/** FNV-1a over UTF-16 units, 32 bits, with a last stir so that the end of a text reaches every bit. */
function fold(text: string, start: number): number {
  let hash = start
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
