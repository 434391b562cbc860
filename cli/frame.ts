import type { Io } from './io.ts'
import { cut, visible } from './terminal.ts'

/** A picture on the terminal that renews itself in place. */
export interface Frame {
  /** Puts these lines where the last picture was; lines too many or too long for the terminal are cut. */
  show(lines: readonly string[]): void
  /** Leaves the last picture standing and gives the cursor back. */
  close(): void
}

const HIDE = '\u001b[?25l'
const SHOW = '\u001b[?25h'
/** Terminals that know synchronized output show all of it at once; others ignore these. */
const [BEGIN, END] = ['\u001b[?2026h', '\u001b[?2026l']
/** The line is cleared before it is written: behind a line as wide as the terminal its last sign would go. */
const [CLEAR_LINE, CLEAR_BELOW] = ['\u001b[2K', '\u001b[J']

/** A frame on a terminal. Each picture is one write, line over line, so that nothing flickers. */
export function createFrame(io: Pick<Io, 'draw' | 'size' | 'isUnicode'>): Frame {
  let drawn: readonly string[] = []
  let isOpen = false
  return {
    show(lines) {
      const { columns, rows } = io.size()
      const kept = fitting(lines, columns, Math.max(1, rows - 1), io.isUnicode ? '…' : '~')
      // A terminal that was made narrower has wrapped the old lines: they take more rows than they were.
      const above = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(visible(line) / columns)), 0)
      const up = Math.min(above, rows - 1)
      const body = kept.map((line) => `${CLEAR_LINE}${line}\n`).join('')
      io.draw(`${BEGIN}${isOpen ? '' : HIDE}${up > 0 ? `\u001b[${up}A\r` : ''}${body}${CLEAR_BELOW}${END}`)
      isOpen = true
      drawn = kept
    },
    close() {
      if (isOpen) io.draw(SHOW)
      isOpen = false
      drawn = []
    },
  }
}

function fitting(lines: readonly string[], columns: number, rows: number, mark: string): readonly string[] {
  const kept =
    lines.length <= rows
      ? lines
      : [...lines.slice(0, rows - 1), `${mark} ${lines.length - rows + 1} more lines; make the window higher`]
  return kept.map((line) => cut(line, columns, mark))
}
