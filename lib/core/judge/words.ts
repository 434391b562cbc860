import { percent } from '../format.ts'
import type { Kpi } from '../service.ts'
import { allowedBad } from './kpi-test.ts'
import type { Finding } from './sequence.ts'
import type { Counted } from './verdict.ts'

/** A KPI's figures, to a person. */
export function figure(kpi: Kpi, { bad, total }: Counted, value: number | null): string {
  if (kpi.kind === 'gauge') {
    return `${kpi.name} ${value === null ? 'unknown' : value} (out of the limit in ${bad} of ${total} buckets)`
  }
  if (total === 0) return `${kpi.name}: no ${eventsOf(kpi)} counted yet`
  return `${kpi.name} ${percent(bad / total)} (${bad} of ${total} ${eventsOf(kpi)} ${badly(kpi)})`
}

function badly(kpi: Kpi): string {
  switch (kpi.kind) {
    case 'latency':
      return `slower than ${kpi.limitMs} ms`
    case 'ratio':
      return 'bad'
    default:
      return 'failed'
  }
}

/** What a KPI counts, to a person. */
export function eventsOf(kpi: Kpi): string {
  if (kpi.kind === 'gauge') return 'buckets'
  if (kpi.kind === 'ratio') return 'events'
  return kpi.source.kind === 'probe' ? 'probes' : 'requests'
}

/** A KPI's limit, to a person. */
export function limitText(kpi: Kpi): string {
  return kpi.kind === 'gauge' ? `${kpi.wanted} ${kpi.limit}` : percent(allowedBad(kpi))
}

/** Why a figure passes, to a person. */
export function praise(kpi: Kpi, { bad, total }: Counted): string {
  if (kpi.kind === 'gauge') return `rarely enough to count as ${limitText(kpi)}`
  if (bad <= allowedBad(kpi) * total) return `within ${limitText(kpi)}`
  return `over ${limitText(kpi)} only because the stable revision was over it as well at times`
}

/** What the evidence says against the canary, to a person. */
export function accusation(kpi: Kpi, because: Finding['because']): string {
  if (kpi.kind === 'gauge') return `which is too often to count as ${limitText(kpi)}`
  return `${REASONS[because]} ${limitText(kpi)}`
}

const REASONS: Readonly<Record<Finding['because'], string>> = {
  none: 'nothing against',
  absolute: 'over the limit of',
  relative: 'clearly worse than the stable revision, though not proven to be over',
  joint: 'clearly worse than the stable revision and over',
  'warm-up': 'too bad even for a cold start; later the limit is',
}
