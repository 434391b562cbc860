/** A query text taken apart: the string that its first `let` binds, and everything after that statement. */
export interface BoundQuery {
  readonly name: string
  readonly value: string
  /** With every run of white space as one space. */
  readonly body: string
}

/** Takes `let name = "…"; body` apart; null where the text is not of this form. */
export function takeApart(query: string): BoundQuery | null {
  const head = /^\s*let\s+([A-Za-z_]\w*)\s*=\s*/.exec(query)
  if (head === null) return null
  const literal = readLiteral(query, head[0].length)
  if (literal === null) return null
  const tail = /^\s*;/.exec(query.slice(literal.end))
  if (tail === null) return null
  const body = squeezed(query.slice(literal.end + tail[0].length))
  return { name: head[1] ?? '', value: literal.value, body }
}

/** The text with every run of white space as one space, and none at the ends. */
export function squeezed(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

interface Literal {
  readonly value: string
  readonly end: number
}

/**
 * Reads a KQL string literal that starts at `start`: in double or single quotes with backslash escapes, or verbatim
 * (`@"…"`, quotes doubled). https://learn.microsoft.com/kusto/query/scalar-data-types/string
 */
function readLiteral(text: string, start: number): Literal | null {
  if (text[start] === '@') return readVerbatim(text, start + 1)
  const quote = text[start]
  if (quote !== '"' && quote !== "'") return null
  let value = ''
  let at = start + 1
  while (at < text.length) {
    const char = text[at] as string
    if (char === quote) return { value, end: at + 1 }
    if (char === '\n' || char === '\r') return null
    if (char !== '\\') {
      value += char
      at++
      continue
    }
    const escaped = readEscape(text, at + 1)
    if (escaped === null) return null
    value += escaped.value
    at = escaped.end
  }
  return null
}

function readVerbatim(text: string, start: number): Literal | null {
  const quote = text[start]
  if (quote !== '"' && quote !== "'") return null
  const found = quote === '"' ? /"((?:[^"]|"")*)"/y : /'((?:[^']|'')*)'/y
  found.lastIndex = start
  const match = found.exec(text)
  return match && { value: (match[1] ?? '').replaceAll(quote + quote, quote), end: found.lastIndex }
}

const SINGLE: Readonly<Record<string, string>> = {
  '\\': '\\',
  '"': '"',
  "'": "'",
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

function readEscape(text: string, at: number): Literal | null {
  const single = SINGLE[text[at] ?? '']
  if (single !== undefined) return { value: single, end: at + 1 }
  const coded = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})/y
  coded.lastIndex = at
  const match = coded.exec(text)
  if (match === null) return null
  const code = Number.parseInt(match[1] ?? match[2] ?? match[3] ?? '', 16)
  return code > 0x10ffff ? null : { value: String.fromCodePoint(code), end: coded.lastIndex }
}
