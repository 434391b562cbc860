import { styleText } from 'node:util'
import { evidenceText, figureText } from '../../lib/core/explain.ts'
import { duration } from '../../lib/core/format.ts'
import type { Evidence, VerdictKind } from '../../lib/core/judge/verdict.ts'
import type { Status } from '../../lib/core/status.ts'
import type { LoadCount } from '../load.ts'

/** Where progress is shown: a picture that renews itself on a terminal, plain lines elsewhere. */
export interface Screen {
  /** A line that stays. */
  say(line: string): void
  /** The picture of now; on a terminal it replaces the last one, elsewhere it is left out. */
  show(lines: readonly string[]): void
}

/** A screen on `out`. Colours and the renewing picture need a terminal, and NO_COLOR not to be set. */
export function createScreen(out: NodeJS.WriteStream = process.stdout): Screen {
  let drawn = 0
  const clear = () => {
    if (drawn > 0) out.write(`\x1b[${drawn}A\x1b[0J`)
    drawn = 0
  }
  return {
    say: (line) => {
      clear()
      out.write(`${line}\n`)
    },
    show: (lines) => {
      if (!out.isTTY) return
      clear()
      const width = out.columns ?? 100
      const cut = lines.map((line) =>
        visible(line) > width ? `${line.slice(0, width + (line.length - visible(line)) - 1)}…` : line,
      )
      out.write(`${cut.join('\n')}\n`)
      drawn = cut.length
    },
  }
}

type Colour = Parameters<typeof styleText>[0]

/** Text in a colour, where the terminal has colours. */
export function paint(colour: Colour, text: string): string {
  return styleText(colour, text, { stream: process.stdout })
}

/** The picture of one rollout: where it stands, weights wanted and actual, KPIs against limits, what comes next. */
export function picture(status: Status, clients: LoadCount | undefined): readonly string[] {
  const weight = status.canary === null ? 0 : (status.weights.actual?.[status.canary] ?? 0)
  const step = status.step === null ? '' : ` · step ${status.step.number}/${status.step.of}`
  return [
    '',
    `  ${mark(status)} ${paint('bold', status.rollout ?? status.service)} ${status.tag ?? ''}${step} · ${status.phase}`,
    `    canary   ${bar(weight)} ${weight} %`,
    `    wanted   ${weightsLine(status, status.weights.wanted)}`,
    `    actual   ${weightsLine(status, status.weights.actual)}`,
    ...status.kpis.map(kpiLine),
    `    why      ${status.why}`,
    `    next     ${status.next}${countdown(status)}`,
    ...(clients === undefined
      ? []
      : [`    clients  ${clients.sent.toLocaleString('en')} requests, ${clients.failed} failed`]),
    '',
  ]
}

function mark(status: Status): string {
  if (status.phase === 'paused') return paint('yellow', '॥')
  if (status.phase === 'rolling-back') return paint('red', '↺')
  if (status.phase !== 'finished') return paint('cyan', '◌')
  return status.outcome === 'promoted' ? paint('green', '✔') : paint('red', '✖')
}

const BAR = 30

function bar(weight: number): string {
  const full = Math.round((weight / 100) * BAR)
  return paint('cyan', '█'.repeat(full)) + paint('dim', '░'.repeat(BAR - full))
}

function weightsLine(status: Status, weights: Readonly<Record<string, number>> | null): string {
  if (weights === null) return '–'
  const names = Object.entries(weights).map(([name, weight]) => `${roleOf(status, name)} ${weight} %`)
  return names.length === 0 ? 'no traffic' : names.join(' · ')
}

function roleOf(status: Status, name: string): string {
  if (name === status.canary) return `canary ${name}`
  return name === status.stable ? `stable ${name}` : name
}

function kpiLine({ kpi, value, limit, unit, total, evalues, verdict }: Evidence): string {
  const shown = value === null ? '–' : figureText(value, unit)
  const against = evalues === null ? '' : `, evidence against it ${evidenceText(evalues)}`
  const counted = paint('dim', `${total ?? 'no'} requests${against}`)
  return `    ${kpi.padEnd(8)} ${SIGNS[verdict]()} ${shown.padStart(7)} of at most ${figureText(limit, unit)}   ${counted}`
}

const SIGNS: Readonly<Record<VerdictKind, () => string>> = {
  pass: () => paint('green', '✔'),
  inconclusive: () => paint('yellow', '?'),
  nodata: () => paint('yellow', '∅'),
  error: () => paint('yellow', '!'),
  suspect: () => paint('magenta', '‼'),
  fail: () => paint('red', '✖'),
}

function countdown(status: Status): string {
  if (status.nextAt === null || status.nextInMs === null || status.phase === 'finished') return ''
  const left = Date.parse(status.nextAt) - Date.now()
  // Shorter than this it waits for Azure rather than for a time, and the figure would only blink.
  return left > 2_500 ? paint('bold', `  in ${duration(left)}`) : ''
}

function visible(line: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with ESC and take no room
  return line.replace(/\x1b\[[0-9;]*m/g, '').length
}
