/** A whole number of an option from `least` to `most`; anything else is thrown with words for whoever typed it. */
export function wholeNumber(name: string, text: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new TypeError(`--${name} is ${JSON.stringify(text)}; give a whole number, ${least} or more`)
}

/** Reads a script's options with `read`; null and exit code 2 where they make no sense, which is then said. */
export function optionsOr<T>(usage: string, read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`)
    process.exitCode = 2
    return null
  }
}
