const ESCAPE = String.fromCharCode(27)
/** How a terminal is told of colours and moves. */
const COMMAND = new RegExp(`${ESCAPE}\\[[0-9:;<=>?]*[ -/]*[@-~]`, 'g')
/** Line ends, other control characters, marks that turn the direction of writing, and halves of characters. */
const UNPRINTED = /[\p{C}\p{Zl}\p{Zp}\s]+/gu

/** A foreign text as a person may see it: one line that holds nothing but text, at most `most` characters, `…` where it was cut. */
export function oneLine(text: string, most: number): string {
  const line = text.replace(COMMAND, '').replace(UNPRINTED, ' ').trim()
  return line.length <= most ? line : `${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
