import type { Io } from './io.ts'
import { coloured, cut, visible } from './terminal.ts'

/** A column of a table. */
export interface Column {
  readonly head: string
  readonly isRight?: boolean
  /** Whether it may be cut where the terminal is narrow. */
  readonly isFlexible?: boolean
}

const GAP = 2

/**
 * Rows under heads, in columns that line up. On a terminal flexible columns are cut until a line fits; what goes into a pipe
 * is never cut.
 */
export function tableText(io: Io, columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const full = columns.map(({ head }, at) => Math.max(head.length, ...rows.map((row) => visible(row[at] ?? ''))))
  const widths = io.isTty ? fitted(full, columns, io.size().columns) : full
  const mark = io.isUnicode ? '…' : '~'
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => padded(cut(cell, widths[at] ?? 0, mark), widths[at] ?? 0, columns[at]?.isRight === true))
      .join(' '.repeat(GAP))
      .trimEnd()
  const head = line(columns.map(({ head: text }) => text))
  return [coloured(io, 'bold', head), ...rows.map(line)].join('\n')
}

function padded(text: string, width: number, isRight: boolean): string {
  const room = ' '.repeat(Math.max(0, width - visible(text)))
  return isRight ? `${room}${text}` : `${text}${room}`
}

/** Takes from the widest flexible column until all of them fit; no column is made narrower than its head or 8. */
function fitted(full: readonly number[], columns: readonly Column[], width: number): readonly number[] {
  const widths = [...full]
  const least = columns.map(({ head }) => Math.max(8, head.length))
  let over = widths.reduce((sum, one) => sum + one + GAP, -GAP) - width
  while (over > 0) {
    const candidates = columns.flatMap(({ isFlexible }, at) =>
      isFlexible === true && (widths[at] ?? 0) > (least[at] ?? 0) ? [at] : [],
    )
    const widest = candidates.sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0]
    if (widest === undefined) break
    widths[widest] = (widths[widest] ?? 0) - 1
    over -= 1
  }
  return widths
}
