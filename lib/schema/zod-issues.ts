import * as z from 'zod'
import { didYouMean } from './did-you-mean.ts'
import { type Issue, pathText, quotable } from './issue.ts'

/** An issue of a schema before its place in the text is known. `key` is set when a key, not a value, is wrong. */
export interface RawIssue {
  readonly path: readonly PropertyKey[]
  readonly key: string | null
  readonly message: string
}

/** The parts of a JSON Schema that help to say what would have been right. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly anyOf?: readonly Shape[]
  readonly examples?: readonly unknown[]
  readonly default?: unknown
}

type ZodIssue = z.core.$ZodIssue

const MANY = 100

/** The issues of a failed parse as a door answers them, at most 100; unknown keys each get an issue of their own. */
export function issuesOf(error: z.core.$ZodError, schema: z.ZodType, input: unknown): readonly Issue[] {
  return rawIssuesOf(error, schema, input).map(({ path, key, message }) => ({
    path: pathText(key === null ? path : [...path, key]),
    message,
  }))
}

/** As `issuesOf`, but with paths in parts, so that the place in a text can be looked up. */
export function rawIssuesOf(error: z.core.$ZodError, schema: z.ZodType, input: unknown): readonly RawIssue[] {
  const shape = shapeOf(schema)
  return error.issues.flatMap((issue) => explainIssue(issue, [], shape, input)).slice(0, MANY)
}

const shapes = new WeakMap<z.ZodType, Shape>()

function shapeOf(schema: z.ZodType): Shape {
  const known = shapes.get(schema)
  if (known !== undefined) return known
  const made = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Shape
  shapes.set(schema, made)
  return made
}

function explainIssue(issue: ZodIssue, base: readonly PropertyKey[], shape: Shape, input: unknown): RawIssue[] {
  const path = [...base, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    const known = [...new Set(shapesAt(shape, path).flatMap((at) => Object.keys(at.properties ?? {})))]
    return issue.keys.slice(0, MANY).map((key) => ({ path, key, message: unknownKey(key, known) }))
  }
  if (issue.code === 'invalid_union') {
    const branch = likeliestBranch(issue.errors)
    if (branch !== undefined) return branch.flatMap((inner) => explainIssue(inner, path, shape, input))
  }
  if (valueAt(input, path) === undefined && issue.code !== 'custom')
    return [{ path, key: null, message: missing(shape, path) }]
  return [{ path, key: null, message: valueAt(input, path) === null ? empty(shape, path) : wrongKind(issue) }]
}

/** What a value of the wrong kind should be, where the schema does not say it in words of its own. */
function wrongKind(issue: ZodIssue): string {
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input')) return issue.message
  const kinds: Readonly<Record<string, string>> = {
    object: 'a mapping of keys to values',
    array: 'a list',
    string: 'text',
  }
  return `must be ${kinds[issue.expected] ?? `a ${issue.expected}`}`
}

/** The branch that was meant: one whose own kind of value was given, and whose keys are known where there is such a one. */
function likeliestBranch(branches: readonly (readonly ZodIssue[])[]): readonly ZodIssue[] | undefined {
  const isWrongKind = (issue: ZodIssue): boolean =>
    issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
  const strangers = (branch: readonly ZodIssue[]): number =>
    branch.filter((issue) => issue.path.length === 0 && issue.code === 'unrecognized_keys').length
  return branches
    .filter((branch) => !branch.some(isWrongKind))
    .sort((a, b) => strangers(a) - strangers(b) || a.length - b.length)[0]
}

function unknownKey(key: string, known: readonly string[]): string {
  const guess = didYouMean(key, known)
  const choice =
    known.length === 0 ? 'No key may stand here.' : `Known here: ${known.map((k) => `\`${k}\``).join(', ')}.`
  return `\`${quotable(key, 40)}\` is not known here.${guess === '' ? ` ${choice}` : guess}`
}

function missing(shape: Shape, path: readonly PropertyKey[]): string {
  const key = String(path.at(-1) ?? '')
  const example = shapesAt(shape, path).flatMap((at) => at.examples ?? [])[0]
  return example === undefined ? `is missing; add \`${key}\`` : `is missing; add it, e.g. \`${key}: ${flow(example)}\``
}

function empty(shape: Shape, path: readonly PropertyKey[]): string {
  const example = shapesAt(shape, path).flatMap((at) => at.examples ?? [])[0]
  return example === undefined ? 'has no value; fill it in' : `has no value; write one, e.g. \`${flow(example)}\``
}

function flow(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function shapesAt(shape: Shape, path: readonly PropertyKey[]): readonly Shape[] {
  return path.reduce<readonly Shape[]>(
    (found, part) =>
      found.flatMap(branches).flatMap((at) => {
        const next = typeof part === 'number' ? at.items : own(at.properties, String(part))
        return next === undefined ? [] : branches(next)
      }),
    branches(shape),
  )
}

function branches(shape: Shape): readonly Shape[] {
  return [shape, ...(shape.anyOf ?? []).flatMap(branches)]
}

function own(properties: Readonly<Record<string, Shape>> | undefined, key: string): Shape | undefined {
  return properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<PropertyKey, unknown>)[part]
        : undefined,
    input,
  )
}
