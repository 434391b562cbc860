/** Says foreign values to a person: short, in one line, and never with the token. */
export interface Say {
  /** A text in one line, at most `length` characters. */
  readonly text: (said: string, length: number) => string
  /** A value of JSON, at most 80 characters; of lists and objects only that they are one. */
  readonly value: (value: unknown) => string
}

/** How answers to a question that was sent with this token (null: none) are said. */
export function sayWithout(token: string | null): Say {
  const redact = (said: string) => {
    if (token === null || token === '') return said
    return said.replaceAll(token, '…').replaceAll(JSON.stringify(token).slice(1, -1), '…')
  }
  return {
    text: (said, length) =>
      redact(said)
        .replace(/[\p{C}\s]+/gu, ' ')
        .trim()
        .slice(0, length),
    value: (value) => {
      if (value === undefined) return 'absent'
      if (Array.isArray(value)) return `a list of ${value.length}`
      if (typeof value === 'object' && value !== null) return 'an object'
      // Redacted before it is cut: half a token is one as well.
      const plain = typeof value === 'string' ? JSON.stringify(redact(value)) : redact(String(value))
      return plain.slice(0, 80)
    },
  }
}
