/** A row of a CSV file, and the line that it begins in (from 1). */
export interface CsvRow {
  readonly line: number
  readonly cells: readonly string[]
}

/** What is wrong at a line of a file. */
export interface LineIssue {
  readonly line: number
  readonly message: string
}

/**
 * The rows of a CSV text (RFC 4180): LF or CRLF, quotes where they are needed, a byte order mark in front is passed over,
 * and so are empty lines. Spaces around cells without quotes do not count.
 */
export function readCsv(text: string): { readonly rows: readonly CsvRow[]; readonly issue: LineIssue | null } {
  const rows: CsvRow[] = []
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  while (at < text.length) {
    const read = readRow(text, at, line)
    if ('message' in read) return { rows, issue: read }
    if (!(read.cells.length === 1 && read.cells[0] === '')) rows.push({ line, cells: read.cells })
    at = read.at
    line = read.line
  }
  return { rows, issue: null }
}

interface RowRead {
  readonly cells: readonly string[]
  /** Where the next row begins, and in which line. */
  readonly at: number
  readonly line: number
}

function readRow(text: string, from: number, line: number): RowRead | LineIssue {
  const cells: string[] = []
  let at = from
  let passed = 0
  for (;;) {
    const cell = /[ \t]*"/y
    cell.lastIndex = at
    const quoted = cell.exec(text)
    const read = quoted === null ? readPlain(text, at) : readQuoted(text, at + quoted[0].length)
    if (read === null) return { line, message: 'a quote is opened and never closed; close it, or take it out' }
    cells.push(read.text)
    passed += read.breaks
    const end = /[ \t]*(,|\r\n|\n|\r|$)/y
    end.lastIndex = read.at
    const found = end.exec(text)
    if (found === null) return { line, message: 'text follows a closing quote; put a comma between them' }
    at = read.at + found[0].length
    if (found[1] !== ',') return { cells, at, line: line + passed + 1 }
  }
}

interface CellRead {
  readonly text: string
  readonly at: number
  readonly breaks: number
}

function readPlain(text: string, from: number): CellRead {
  const plain = /[^,\r\n]*/y
  plain.lastIndex = from
  const found = plain.exec(text)?.[0] ?? ''
  return { text: found.trim(), at: from + found.length, breaks: 0 }
}

function readQuoted(text: string, from: number): CellRead | null {
  const inside = /([^"]*(?:""[^"]*)*)"/y
  inside.lastIndex = from
  const found = inside.exec(text)
  if (found === null) return null
  const content = found[1] ?? ''
  return {
    text: content.replaceAll('""', '"'),
    at: from + found[0].length,
    breaks: content.match(/\r\n|\n|\r/g)?.length ?? 0,
  }
}
