import type { Family, Sample } from '../../lib/core/exposition.ts'

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/**
 * Reads the text format 0.0.4 of Prometheus as its documentation has it, and throws at whatever it does not allow: a line
 * that is none, samples before their TYPE, a family in two places, a series twice, an escape that is none, no line end at
 * the end. Written apart from the writer, from the format's description.
 */
export function parseExposition(text: string): readonly Family[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end')
  const families: { name: string; help: string; type: Family['type']; samples: Sample[] }[] = []
  const lines = text.split('\n').slice(0, -1)
  const seen = new Set<string>()
  for (const line of lines) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/s.exec(line) ?? []
    const last = families.at(-1)
    if (word === 'HELP') {
      if (!NAME.test(name) || families.some((family) => family.name === name)) throw new Error(`bad HELP: ${line}`)
      families.push({ name, help: unescaped(rest, false), type: 'gauge', samples: [] })
    } else if (word === 'TYPE') {
      if (last?.name !== name || last.samples.length > 0 || !/^(gauge|counter)$/.test(rest))
        throw new Error(`bad TYPE: ${line}`)
      last.type = rest as Family['type']
    } else {
      const sample = sampleOf(line)
      const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`
      if (last?.name !== sample.name || seen.has(series)) throw new Error(`bad sample: ${line}`)
      if (last.type === 'counter' && !sample.name.endsWith('_total'))
        throw new Error(`a counter without _total: ${line}`)
      seen.add(series)
      last.samples.push({ labels: sample.labels, value: sample.value })
    }
  }
  return families
}

function sampleOf(line: string): Sample & { readonly name: string } {
  const [, name = '', inner, value = ''] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? []
  if (!NAME.test(name)) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  for (let rest = inner ?? ''; rest !== ''; ) {
    const [whole, label = '', quoted = ''] = /^([^=]+)="((?:[^"\\]|\\.)*)"(?:,|$)/s.exec(rest) ?? []
    if (whole === undefined || !LABEL.test(label) || label in labels) throw new Error(`bad labels: ${line}`)
    labels[label] = unescaped(quoted, true)
    rest = rest.slice(whole.length)
  }
  return { name, labels, value: numberOf(value) }
}

function numberOf(text: string): number {
  const special: Readonly<Record<string, number>> = { NaN: Number.NaN, '+Inf': Infinity, '-Inf': -Infinity }
  const value = special[text] ?? (/^[+-]?(\d|\.\d)/.test(text) ? Number(text) : Number.NaN)
  if (Number.isNaN(value) && text !== 'NaN') throw new Error(`no number: ${text}`)
  return value
}

function unescaped(text: string, inQuotes: boolean): string {
  return text.replaceAll(/\\(.?)/gs, (whole, next: string) => {
    if (next === 'n') return '\n'
    if (next === '\\' || (inQuotes && next === '"')) return next
    throw new Error(`no escape: ${whole}`)
  })
}
