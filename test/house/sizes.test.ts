import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseSync } from '@swc/core'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const SHIPPED = ['cli', 'dashboard', 'functions', 'lib', 'sim', 'bench', 'scripts']

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}

const FILES = SHIPPED.flatMap((folder) => filesBelow(join(ROOT, folder))).filter((path) => /\.tsx?$/.test(path))
const lines = (path: string) => readFileSync(path, 'utf8').split('\n').length - 1

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

/** Lengths in lines of every function of a file that has a body. */
function functionLengths(path: string): readonly { readonly name: string; readonly length: number }[] {
  const source = readFileSync(path, 'utf8')
  const bytes = Buffer.from(source)
  const module = parseSync(source, { syntax: 'typescript', target: 'es2022', tsx: path.endsWith('.tsx') })
  const found: { name: string; length: number }[] = []
  const base = module.span.start
  const visit = (node: unknown, name: string): void => {
    if (typeof node !== 'object' || node === null) return
    if (Array.isArray(node)) {
      for (const item of node) visit(item, name)
      return
    }
    const { type, span, identifier, id, key } = node as Record<string, never> & {
      type?: string
      span?: { start: number; end: number }
    }
    const named = textOf(identifier) ?? textOf(id) ?? textOf(key) ?? name
    const isFunction = [
      'FunctionDeclaration',
      'FunctionExpression',
      'ArrowFunctionExpression',
      'MethodProperty',
      'ClassMethod',
    ].includes(type ?? '')
    if (isFunction && span !== undefined) {
      const text = bytes.subarray(span.start - base, span.end - base).toString()
      found.push({ name: named, length: text.split('\n').length })
    }
    for (const [member, value] of Object.entries(node)) if (member !== 'span') visit(value, named)
  }
  visit(module.body, '?')
  return found
}

function textOf(node: unknown): string | null {
  const { value } = (node ?? {}) as { value?: unknown }
  return typeof value === 'string' ? value : null
}

describe('shoe sizes', () => {
  test('files: half of them have at most 80 lines, nine of ten at most 200, none more than 350', () => {
    const sizes = FILES.map(lines)
    expect(FILES.filter((path) => lines(path) > 350).map((path) => relative(ROOT, path))).toEqual([])
    expect(quantile(sizes, 0.9)).toBeLessThanOrEqual(200)
    expect(quantile(sizes, 0.5)).toBeLessThanOrEqual(80)
  })

  test('functions: half have at most 10 lines, nine of ten at most 30, none more than 60', () => {
    const all = FILES.flatMap((path) => functionLengths(path).map((each) => ({ ...each, path: relative(ROOT, path) })))
    expect(all.length).toBeGreaterThan(500)
    expect(all.filter(({ length }) => length > 60)).toEqual([])
    const lengths = all.map(({ length }) => length)
    expect(quantile(lengths, 0.9)).toBeLessThanOrEqual(30)
    expect(quantile(lengths, 0.5)).toBeLessThanOrEqual(10)
  })

  test('doors have one trigger each and at most 60 lines', () => {
    for (const path of FILES.filter((file) => relative(ROOT, file).startsWith('functions'))) {
      const triggers = readFileSync(path, 'utf8').match(/\bapp\.(http|timer|storageQueue|hook\.\w+)\(/g) ?? []
      expect({ path: relative(ROOT, path), triggers: triggers.length }).toEqual({
        path: relative(ROOT, path),
        triggers: 1,
      })
      expect(lines(path)).toBeLessThanOrEqual(60)
    }
  })
})
