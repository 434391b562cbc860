/** Draws whole numbers from 0 (inclusive) to `below` (exclusive). */
export type Draw = (below: number) => number

/** The draws of one input: the same seed and index give the same draws on every machine. */
export function drawsOf(seed: number, index: number): Draw {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Texts that parsers stumble over. */
const TEXTS: readonly string[] = [
  '',
  '__proto__',
  'constructor',
  'a/b\\c#d?e%f\'g"h',
  '\u0000\u001b[2J\r\n',
  '\u202egnp.exe',
  '\ud800',
  'NaN',
  '1e999',
  '-0',
  '2026-13-45T99:99:99Z',
  '2026-11-21T12:00:00Z',
  'x'.repeat(32_768),
]

/** Nested ten thousand deep, closed and open. */
const NESTS: readonly string[] = [
  '['.repeat(10_000) + ']'.repeat(10_000),
  '{"a":'.repeat(10_000),
  `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
]

const VALUES: readonly unknown[] = [null, true, 0, -1, 1.5, 1e308, 2 ** 53, Number.NaN, [], {}, [[]], ...TEXTS]

/** The value with one to four parts dropped, doubled, swapped for something hostile, wrapped deep, or set by a hostile key. */
export function mutateValue(value: unknown, draw: Draw): unknown {
  let mutated = value
  for (let left = draw(4); left >= 0; left -= 1) mutated = mutateOnce(mutated, draw, 0)
  return mutated
}

function mutateOnce(value: unknown, draw: Draw, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date || draw(6) === 0) return swapped(value, draw)
  if (Array.isArray(value)) return mutateList(value, draw, depth)
  const entries = Object.entries(value)
  const at = entries.length === 0 ? -1 : draw(entries.length)
  const act = draw(8)
  if (act === 0) entries.splice(Math.max(at, 0), 1)
  else if (act === 1) entries.push([TEXTS[draw(TEXTS.length)] ?? '', swapped(null, draw)])
  else if (at >= 0) {
    const [key, inner] = entries[at] ?? ['', null]
    entries[at] = [key, mutateOnce(inner, draw, depth + 1)]
  }
  return Object.fromEntries(entries)
}

function mutateList(value: readonly unknown[], draw: Draw, depth: number): readonly unknown[] {
  const at = value.length === 0 ? 0 : draw(value.length)
  const act = draw(6)
  if (act === 0) return value.toSpliced(at, 1)
  if (act === 1) return [...value, value[at]]
  return value.length === 0 ? [swapped(null, draw)] : value.with(at, mutateOnce(value[at], draw, depth + 1))
}

function swapped(value: unknown, draw: Draw): unknown {
  if (draw(16) !== 0) return VALUES[draw(VALUES.length)]
  let deep = value
  for (let left = draw(8) === 0 ? 10_000 : 1 + draw(3_000); left > 0; left -= 1)
    deep = left % 2 === 0 ? [deep] : { a: deep }
  return deep
}

/** The text with some of its characters dropped, doubled, moved or replaced, or crossed with another text. */
export function mutateText(text: string, other: string, draw: Draw): string {
  const at = draw(text.length + 1)
  const until = Math.min(text.length, at + draw(20))
  const acts = [
    () => text.slice(0, at) + text.slice(until),
    () => text.slice(0, until) + text.slice(at),
    () => text.slice(0, at) + (TEXTS[draw(TEXTS.length)] ?? '') + text.slice(until),
    () => text.slice(0, at) + String.fromCharCode(draw(draw(4) === 0 ? 65_536 : 128)) + text.slice(until),
    () => text.slice(0, at) + other.slice(draw(other.length + 1)),
    () => text.slice(0, at) + NESTS[draw(NESTS.length)] + text.slice(until),
    () => Buffer.from(text).fill(draw(256), at, until).toString('utf8'),
  ]
  return acts[draw(acts.length)]?.() ?? text
}
