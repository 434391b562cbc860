/** How wide a line for people may be. */
export const WIDTH = 100

/** Where a program writes: text for people or JSON. */
export interface Terminal {
  readonly write: (text: string) => void
  /** Whether words may be coloured: a terminal, and nobody said NO_COLOR. */
  readonly isColoured: boolean
}

export type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold'

const CODES: Readonly<Record<Colour, number>> = { red: 31, yellow: 33, green: 32, cyan: 36, dim: 2, bold: 1 }

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character
const COLOUR_CODE = /\u001b\[\d+m/g

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character
const AT_COLOUR_CODES = /(\u001b\[\d+m)/

/** A text in a colour, where colours are wanted. */
export function coloured(terminal: Pick<Terminal, 'isColoured'>, colour: Colour, text: string): string {
  return terminal.isColoured ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text
}

/** A figure and its percent sign stay together. */
const WORDS = / (?!%)/

/** A text in lines of at most `width`, the first one after `head`, the others indented as far as it is wide. */
export function hanging(head: string, text: string, indent = visible(head), width = WIDTH): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(WORDS)) {
    const room = width - (lines.length === 0 ? visible(head) : indent)
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines.map((each, index) => (index === 0 ? `${head}${each}` : `${' '.repeat(indent)}${each}`))
}

/** How many columns a text takes; colours take none. */
export function visible(text: string): number {
  return text.replaceAll(COLOUR_CODE, '').length
}

/** A line cut to `width` columns, with what stands for a cut at its end; colours are kept and closed. */
export function cut(line: string, width: number, mark = '…'): string {
  if (visible(line) <= width) return line
  let room = Math.max(0, width - mark.length)
  let isColoured = false
  const parts = line.split(AT_COLOUR_CODES).map((part, index) => {
    if (index % 2 === 1) {
      isColoured = true
      return room > 0 ? part : ''
    }
    const kept = part.slice(0, room)
    room -= kept.length
    return kept
  })
  return `${parts.join('')}${mark}${isColoured ? '\u001b[0m' : ''}`
}

/** Rows as columns that line up: the first to the left, all others to the right. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** Two texts beside each other under a label, each in a column of its own. */
export function beside(label: string, left: string, right: string): readonly string[] {
  const columns = [left, right].map((text) => hanging('', text, 0, COLUMN))
  const height = Math.max(...columns.map((lines) => lines.length))
  return Array.from({ length: height }, (_, at) => {
    const [one = '', other = ''] = columns.map((lines) => lines[at] ?? '')
    return `${(at === 0 ? label : '').padEnd(LABEL)}${one.padEnd(COLUMN + 2)}${other}`.trimEnd()
  })
}

const LABEL = 10
const COLUMN = (WIDTH - LABEL - 2) / 2
