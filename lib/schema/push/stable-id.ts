import { createHash } from 'node:crypto'

const SENT_ID = /^[\x21-\x7e]{1,200}$/

/** The sender's id where it is one (1–200 visible ASCII characters), else null. */
export function sentId(value: unknown): string | null {
  return typeof value === 'string' && SENT_ID.test(value) ? value : null
}

/** An id made from what was said: the same for the same content, so that a second delivery is known again. */
export function contentId(source: string, content: unknown): string {
  const text = JSON.stringify(content) ?? ''
  return `${source}-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}
