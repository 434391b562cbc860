import type { Issue } from '../issue.ts'

const DEEPEST = 16
const MOST_VALUES = 50_000

/**
 * What makes a body too deep or too large to be understood (more than 16 levels, more than 50,000 values), or null. Walks
 * without recursion, so that no depth can exhaust the stack.
 */
export function measure(body: unknown): Issue | null {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: body, depth: 1 }]
  let seen = 0
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next
    if (typeof value !== 'object' || value === null) continue
    if (depth > DEEPEST) return { path: '', message: `is nested deeper than ${DEEPEST} levels` }
    const inner = Object.values(value)
    seen += inner.length
    if (seen > MOST_VALUES) return { path: '', message: `holds more than ${MOST_VALUES} values` }
    for (const one of inner) open.push({ value: one, depth: depth + 1 })
  }
  return null
}
