/** A line that is not what a trace holds; the message says where in the line, what was wanted and what stands there. */
export class BadLine extends Error {}

/** An object of which nothing is known yet. */
export type Members = Readonly<Record<string, unknown>>

/** A reader of one value; `where` names it in the message of a `BadLine`. */
export type Reader<T> = (value: unknown, where: string) => T

/** Text, as it stands. */
export const text: Reader<string> = (value, where) => (typeof value === 'string' ? value : wrong(where, 'text', value))

/** A finite number. */
export const figure: Reader<number> = (value, where) =>
  typeof value === 'number' && Number.isFinite(value) ? value : wrong(where, 'a number', value)

/** A whole number from 0. */
export const whole: Reader<number> = (value, where) =>
  Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : wrong(where, 'a whole number from 0', value)

/** True or false. */
export const truth: Reader<boolean> = (value, where) =>
  typeof value === 'boolean' ? value : wrong(where, 'true or false', value)

/** An object. */
export const members: Reader<Members> = (value, where) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Members)
    : wrong(where, 'an object', value)

/** Null, or what `read` reads. */
export function maybe<T>(read: Reader<T>): Reader<T | null> {
  return (value, where) => (value === null ? null : read(value, where))
}

/** A list of what `read` reads. */
export function list<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value, where) =>
    Array.isArray(value) ? value.map((item, index) => read(item, `${where}[${index}]`)) : wrong(where, 'a list', value)
}

/** One of some words. */
export function oneOf<T extends string>(words: readonly T[]): Reader<T> {
  return (value, where) => words.find((word) => word === value) ?? wrong(where, `one of ${words.join(', ')}`, value)
}

/** Names with numbers. */
export const numbers: Reader<Readonly<Record<string, number>>> = (value, where) =>
  Object.fromEntries(
    Object.entries(members(value, where)).map(([name, one]) => [name, figure(one, `${where}.${name}`)]),
  )

function wrong(where: string, wanted: string, value: unknown): never {
  const found = value === undefined ? 'nothing' : JSON.stringify(value)
  throw new BadLine(`${where} should be ${wanted}, and is ${found.length > 60 ? `${found.slice(0, 60)}…` : found}`)
}
