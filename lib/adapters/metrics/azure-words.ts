/** Line ends, escapes and whatever else a terminal or a log would obey instead of show; halves of characters as well. */
const COMMANDS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu

/** What Azure said, as one line of at most `most` characters that holds nothing but text. */
export function plainWords(text: string, most = 300): string {
  const line = text.replace(COMMANDS, ' ').trim()
  return line.slice(0, most).toWellFormed()
}
