import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
} from 'yaml'
import { pathText, quotable, type TextIssue } from './issue.ts'
import type { RawIssue } from './zod-issues.ts'

/** One YAML document of a text: its content as plain values, what is wrong with its writing, and where everything stands. */
export interface YamlDocument {
  /** Undefined where the document could not be read at all. */
  readonly content: unknown
  readonly issues: readonly TextIssue[]
  /** Gives an issue its place: that of the value, or of the key where the key is wrong, or of whatever should hold it. */
  locate(issue: RawIssue): TextIssue
}

const MOST_BYTES = 256 * 1024
const MOST_DOCUMENTS = 100
const MOST_ALIASES = 20
const DEEPEST = 16
const MOST_ISSUES = 100

type Path = readonly (string | number)[]

/**
 * Reads a text of YAML documents; empty ones are left out. Refuses texts over 256 KiB, more than 100 documents, more than
 * 20 aliases, nesting below 16 levels, keys that stand twice and tags of its own. Never throws.
 */
export function readYaml(text: string, file: string | null): readonly YamlDocument[] {
  if (text.length > MOST_BYTES || new TextEncoder().encode(text).length > MOST_BYTES) {
    return [unreadable(file, 'is larger than 256 KiB; no manifest needs so much')]
  }
  if (nestsBeyondReason(text)) return [unreadable(file, TOO_DEEP)]
  const lines = new LineCounter()
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'silent',
    })
    const documents = Array.isArray(parsed) ? parsed.filter(hasContent) : []
    if (documents.length > MOST_DOCUMENTS) return [unreadable(file, 'has more than 100 documents; divide it')]
    return documents.map((document) => toDocument(document, placer(document, lines, file)))
  } catch (error) {
    if (error instanceof RangeError) return [unreadable(file, TOO_DEEP)]
    return [unreadable(file, 'is no YAML that can be read')]
  }
}

/** Brackets that are open at once, and marks of lists in one go, that no manifest comes near, whatever its texts hold. */
const MOST_OPEN = 200
const LISTS_IN_LISTS = /(?:[-?:][ \t]+){100}/

/** The parser's time grows with the square of the nesting: a short text could hold a whole instance for seconds. */
function nestsBeyondReason(text: string): boolean {
  if (LISTS_IN_LISTS.test(text)) return true
  let open = 0
  for (const mark of text.matchAll(/[[\]{}]/g)) {
    open = mark[0] === '[' || mark[0] === '{' ? open + 1 : Math.max(0, open - 1)
    if (open > MOST_OPEN) return true
  }
  return false
}

type Place = (at: Node | number | null, path: Path, message: string) => TextIssue

interface Placer {
  readonly place: Place
  readonly locate: (issue: RawIssue) => TextIssue
}

function placer(document: Document, lines: LineCounter, file: string | null): Placer {
  const place: Place = (at, path, message) => {
    const offset = typeof at === 'number' ? at : (at?.range?.[0] ?? 0)
    const { line, col } = lines.linePos(offset)
    return { path: pathText(path), file, line: Math.max(1, line), column: Math.max(1, col), message }
  }
  const locate = ({ path, key, message }: RawIssue): TextIssue => {
    const full = (key === null ? path : [...path, key]).map((part) => (typeof part === 'number' ? part : String(part)))
    return place(nodeAt(document, full, key !== null), full, message)
  }
  return { place, locate }
}

function toDocument(document: Document, { place, locate }: Placer): YamlDocument {
  const broken = [...document.errors, ...document.warnings].slice(0, MOST_ISSUES)
  if (broken.length > 0) {
    const issues = broken.map(({ pos, message }) => place(pos[0], [], sayBroken(message)))
    return { content: undefined, issues, locate }
  }
  const issues = inspect(document, place)
  const tooMuch = issues.some(({ message }) => message.startsWith(TOO))
  return { content: tooMuch ? undefined : document.toJS({ maxAliasCount: 100 }), issues, locate }
}

function sayBroken(message: string): string {
  if (message.includes('call stack')) return TOO_DEEP
  return `is no valid YAML: ${quotable(message, 200)}`
}

const TOO = 'has too '
const TOO_DEEP = 'is nested too deeply to be read; make it flatter'

/** Walks all that is written, without following aliases, and tells what no manifest should hold. */
function inspect(document: Document, place: Place): readonly TextIssue[] {
  const issues: TextIssue[] = []
  let aliases = 0
  const open: { readonly node: unknown; readonly path: Path }[] = [{ node: document.contents, path: [] }]
  for (let next = open.pop(); next !== undefined && issues.length < MOST_ISSUES; next = open.pop()) {
    const { node, path } = next
    if (isAlias(node) && ++aliases > MOST_ALIASES)
      return [place(node, path, `${TOO}many aliases; write the values out`)]
    if (isNode(node) && path.length > DEEPEST)
      return [place(node, path.slice(0, 4), `${TOO}many levels; make it flatter`)]
    if (isSeq(node)) open.push(...node.items.map((item, index) => ({ node: item, path: [...path, index] })))
    if (!isMap(node)) continue
    issues.push(...twins(node.items, path, place))
    open.push(...node.items.map(({ key, value }) => ({ node: value, path: [...path, keyText(key)] })))
  }
  return issues
}

function twins(pairs: readonly Pair[], path: Path, place: Place): readonly TextIssue[] {
  const seen = new Set<string>()
  return pairs.flatMap(({ key }) => {
    const name = keyText(key)
    const isTwin = seen.has(name)
    seen.add(name)
    return isTwin ? [place(isNode(key) ? key : null, [...path, name], 'stands twice; keep one of the two')] : []
  })
}

/** The node that a path leads to, else the key of the nearest thing on the way that is there. */
function nodeAt(document: Document, path: Path, wantsKey: boolean): Node | null {
  let node: unknown = document.contents
  let nearest: unknown = document.contents
  for (const [index, part] of path.entries()) {
    const within = isAlias(node) ? node.resolve(document) : node
    const pair = isMap(within) ? within.items.findLast(({ key }) => keyText(key) === String(part)) : undefined
    const item = isSeq(within) && typeof part === 'number' ? within.items[part] : undefined
    if (pair === undefined && item === undefined) break
    const isLast = index === path.length - 1
    node = pair === undefined ? item : pair.value
    nearest = pair === undefined ? item : isLast && !wantsKey && isWritten(pair.value) ? pair.value : pair.key
  }
  return isNode(nearest) ? nearest : null
}

function isWritten(value: unknown): boolean {
  return isAlias(value) || isMap(value) || isSeq(value) || (isScalar(value) && value.value !== null)
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key)
}

function hasContent(document: Document): boolean {
  const { contents } = document
  return document.errors.length > 0 || (contents !== null && !(isScalar(contents) && contents.value === null))
}

function unreadable(file: string | null, message: string): YamlDocument {
  const issue = { path: '', file, line: 1, column: 1, message }
  return { content: undefined, issues: [issue], locate: () => issue }
}
