/** What a value is wrong in: where (`manifest.stages.0.weight`; '' = the whole), and why. */
export interface Misfit {
  readonly field: string
  readonly reason: string
}

/** Tells what is wrong with a value first; null = it fits. Fields that nobody asks for are carried along. */
export type Shape = (value: unknown, at: string) => Misfit | null

const misfit = (field: string, reason: string): Misfit => ({ field, reason })

function plain(wanted: string, fits: (value: unknown) => boolean): Shape {
  return (value, at) => (fits(value) ? null : misfit(at, `must be ${wanted}, is ${nameOf(value)}`))
}

/** Any text. */
export const text: Shape = plain('text', (value) => typeof value === 'string')
/** Any number that arithmetic can be done with. */
export const figure: Shape = plain('a number', (value) => Number.isFinite(value))
/** Yes or no. */
export const flag: Shape = plain('true or false', (value) => typeof value === 'boolean')

/** One of these texts. */
export function oneOf(...known: readonly string[]): Shape {
  return (value, at) =>
    known.includes(value as string) ? null : misfit(at, `must be one of ${known.join(', ')}, is ${nameOf(value)}`)
}

/** The layout version of a state: another was written by another build and is never guessed at. */
export const version: Shape = (value, at) =>
  value === 1 ? null : misfit(at, `has schema ${nameOf(value ?? null)}, known is 1`)

/** Nothing there, as null, or what `shape` says. */
export function orNull(shape: Shape): Shape {
  return (value, at) => (value === null ? null : shape(value, at))
}

/** Not there at all, or what `shape` says. */
export function maybe(shape: Shape): Shape {
  return (value, at) => (value === undefined ? null : shape(value, at))
}

/** A list of such. */
export function list(shape: Shape): Shape {
  return (value, at) => {
    if (!Array.isArray(value)) return misfit(at, `must be a list, is ${nameOf(value)}`)
    for (const [index, item] of value.entries()) {
      const wrong = shape(item, `${at}.${index}`)
      if (wrong !== null) return wrong
    }
    return null
  }
}

/** An object with such values, under whatever names. */
export function record(shape: Shape): Shape {
  return (value, at) => {
    if (!isObject(value)) return misfit(at, `must be an object, is ${nameOf(value)}`)
    for (const name of Object.keys(value)) {
      const wrong = shape(value[name], joined(at, name))
      if (wrong !== null) return wrong
    }
    return null
  }
}

/** An object that has at least these fields. */
export function object(fields: Readonly<Record<string, Shape>>): Shape {
  const wanted = Object.entries(fields)
  return (value, at) => {
    if (!isObject(value)) return misfit(at, `must be an object, is ${nameOf(value)}`)
    for (const [name, shape] of wanted) {
      const wrong = shape(Object.hasOwn(value, name) ? value[name] : undefined, joined(at, name))
      if (wrong !== null) return wrong
    }
    return null
  }
}

/** An object of one of several kinds, told apart by its field `kind`. */
export function kinds(fields: Readonly<Record<string, Readonly<Record<string, Shape>>>>): Shape {
  const shapes = new Map(Object.entries(fields).map(([kind, inner]) => [kind, object(inner)]))
  const kind = object({ kind: oneOf(...shapes.keys()) })
  return (value, at) => kind(value, at) ?? shapes.get((value as { kind: string }).kind)?.(value, at) ?? null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function joined(at: string, name: string): string {
  const shown = name.slice(0, 100)
  return at === '' ? shown : `${at}.${shown}`
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  return typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'an object') : String(value)
}
