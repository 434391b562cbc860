import type { ServiceView } from '../../lib/api.ts'

/** What colour and which urgency something has; colour never says it alone. */
export type Tone = 'good' | 'run' | 'wait' | 'bad' | 'idle'

/** A state as glyph, word and tone. */
export interface Mark {
  readonly glyph: string
  readonly word: string
  readonly tone: Tone
}

const OUTCOMES: Readonly<Record<string, Mark>> = {
  promoted: { glyph: '✔', word: 'Promoted', tone: 'good' },
  unchanged: { glyph: '✔', word: 'Unchanged', tone: 'good' },
  'rolled-back': { glyph: '✖', word: 'Rolled back', tone: 'bad' },
  aborted: { glyph: '✖', word: 'Aborted', tone: 'bad' },
  failed: { glyph: '✖', word: 'Failed', tone: 'bad' },
  refused: { glyph: '✖', word: 'Refused', tone: 'bad' },
  superseded: { glyph: '»', word: 'Superseded', tone: 'idle' },
}

const PHASES: Readonly<Record<string, Mark>> = {
  idle: { glyph: '○', word: 'No rollout yet', tone: 'idle' },
  preparing: { glyph: '◌', word: 'Preparing', tone: 'run' },
  provisioning: { glyph: '◌', word: 'Provisioning', tone: 'run' },
  progressing: { glyph: '▶', word: 'Progressing', tone: 'run' },
  paused: { glyph: '❚❚', word: 'Paused', tone: 'wait' },
  'rolling-back': { glyph: '↩', word: 'Rolling back', tone: 'bad' },
}

type Standing = Pick<ServiceView, 'phase' | 'outcome'> & Partial<Pick<ServiceView, 'gate' | 'trouble'>>

/** The mark of a service or rollout as it stands; a word that is not known is shown as it is. */
export function markOf({ phase, outcome, gate }: Standing): Mark {
  if (phase === 'finished') return OUTCOMES[outcome ?? ''] ?? { glyph: '●', word: outcome ?? 'Finished', tone: 'idle' }
  if (phase === 'paused' && gate !== null && gate !== undefined)
    return { glyph: '◆', word: 'Waits at a gate', tone: 'wait' }
  return PHASES[phase] ?? { glyph: '●', word: phase, tone: 'idle' }
}

const VERDICTS: Readonly<Record<string, Mark>> = {
  pass: { glyph: '✔', word: 'pass', tone: 'good' },
  inconclusive: { glyph: '…', word: 'inconclusive', tone: 'run' },
  nodata: { glyph: '∅', word: 'no data', tone: 'wait' },
  error: { glyph: '!', word: 'source error', tone: 'wait' },
  suspect: { glyph: '▲', word: 'suspect', tone: 'wait' },
  fail: { glyph: '✖', word: 'fail', tone: 'bad' },
}

/** The mark of a KPI's verdict. */
export function verdictMark(verdict: string): Mark {
  return VERDICTS[verdict] ?? { glyph: '●', word: verdict, tone: 'idle' }
}

/** What each of the judge's words means, for the tip beside it. */
export const VERDICT_MEANINGS: Readonly<Record<string, string>> = {
  pass: 'watched long enough, on enough requests, and within the limit',
  inconclusive: 'too early, too few requests, or over the limit by what may be chance',
  nodata: 'the source answers, but has no figures',
  error: 'the source does not answer',
  suspect: 'clearly worse than stable, or first evidence that the limit is broken',
  fail: 'the limit is broken, and chance cannot explain it',
}

/** How urgently a service wants a person, 0 first. */
export function urgency(service: ServiceView): number {
  const { phase, outcome, trouble, gate } = service
  if (trouble !== null) return 0
  if (phase === 'paused') return gate === null ? 1 : 0.5
  if (phase === 'rolling-back') return 2
  if (phase === 'finished') return outcome === 'promoted' || outcome === 'unchanged' || outcome === 'superseded' ? 5 : 4
  return phase === 'idle' ? 6 : 3
}

/** Whether a service waits for a person: trouble that stands, or a pause that ends by a command only. */
export function needsPerson(service: ServiceView): boolean {
  return urgency(service) < 2
}

const KINDS: Readonly<Record<string, Tone>> = {
  'rollback-started': 'bad',
  'rollback-confirmed': 'bad',
  trouble: 'bad',
  'foreign-edit': 'bad',
  'measurements-lost': 'wait',
  'deadline-passed': 'wait',
  paused: 'wait',
  'push-rejected': 'wait',
  'promotion-confirmed': 'good',
  'weights-confirmed': 'good',
  'measurements-back': 'good',
  'trouble-over': 'good',
  'revision-ready': 'good',
  'step-started': 'run',
  'rollout-started': 'run',
  resumed: 'run',
  'promoted-by-hand': 'run',
}

/** The tone of an audit row, by its kind. */
export function kindTone(kind: string): Tone {
  return KINDS[kind] ?? 'idle'
}

/** A kind as words: `step-started` → `Step started`. */
export function kindWords(kind: string): string {
  const words = kind.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
