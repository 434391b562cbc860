import { describe, expect, it } from 'vitest'
import { chance } from '../../../sim/chance.ts'
import type { Finding } from '../../../sim/history/history.ts'
import { historyOf } from '../../../sim/history/read.ts'
import { live } from '../../../sim/trial/live.ts'
import { tryOut } from '../../../sim/trial/run.ts'
import { drawScenario } from '../../../sim/trial/scenario.ts'
import { sealed } from './made-up.ts'

const SEEDS = 20
const MINUTE = 60_000

type Weights = Record<string, number>
interface Event {
  readonly seed: number
  readonly at: number
  readonly kind: string
  readonly app?: string
  readonly worker?: number
  readonly asked?: { readonly weights: Weights | null }
  readonly outcome?: string
  readonly weights?: Weights
  readonly row?: Row
}
interface Row {
  readonly kind: string
  readonly step: number | null
  readonly rollout: string | null
  readonly entityId: string
  readonly actor: string
  readonly value: number | null
  readonly weightsAfter: Weights | null
  readonly evidence: readonly { readonly role: string; readonly from: number; readonly to: number }[]
}

const traces = await Promise.all(Array.from({ length: SEEDS }, (_, index) => traceOf(index + 1)))
const all = traces.flat()

async function traceOf(seed: number): Promise<readonly Event[]> {
  const lines: string[] = []
  await live(drawScenario(seed), (event) => lines.push(JSON.stringify(event)))
  return lines.map((line) => JSON.parse(line) as Event)
}

/** What is found in a trace of one seed, numbered and chained anew so that neither gaps nor hashes give it away. */
function foundIn(events: readonly Event[]): readonly Finding[] {
  return historyOf(sealed(events as unknown as readonly Record<string, unknown>[])).findings
}

const raised = (weights: Weights): Weights => {
  const [most = '', ...others] = Object.entries(weights)
    .sort(([, a], [, b]) => b - a)
    .map(([name]) => name)
  const taker = others[0] ?? `${most}-x`
  return { ...weights, [most]: (weights[most] ?? 0) - 1, [taker]: (weights[taker] ?? 0) + 1 }
}
const bySlipway = ({ row }: Event) =>
  row?.kind === 'step-started' &&
  (row.step ?? 0) > 1 &&
  row.evidence.some(({ role }) => role === 'required') &&
  row.actor === 'slipway'
const byWindow = (change: (proof: Row['evidence'][number]) => object) => (event: Event) =>
  ({
    ...event,
    row: { ...event.row, evidence: event.row?.evidence.map((proof) => ({ ...proof, ...change(proof) })) },
  }) as Event
const isWrite = ({ kind, asked, outcome }: Event) =>
  kind === 'arm-write' && outcome === 'taken' && asked?.weights != null
const withWeights = (event: Event, weights: Weights): Event =>
  ({ ...event, asked: { ...event.asked, weights } }) as Event

/** A way to tamper: the events that it can be done to, and what stands in the place of such an event afterwards. */
interface Way {
  readonly fits: (event: Event, events: readonly Event[]) => boolean
  readonly puts: (event: Event, events: readonly Event[]) => readonly Event[]
  readonly says: RegExp
}

const WAYS: Readonly<Record<string, Way>> = {
  'the row of a step is gone': {
    fits: ({ row }) => row?.kind === 'step-started',
    puts: () => [],
    says: /no row of the audit|had overtaken|does not follow|never wished all traffic|no step had begun|is not the last|not on|whose weight no row/,
  },
  'a window lies a minute earlier': {
    fits: bySlipway,
    puts: (event) => [byWindow(({ from, to }) => ({ from: from - MINUTE, to: to - MINUTE }))(event)],
    says: /before the step’s first whole bucket/,
  },
  'a window lies a minute later': {
    fits: bySlipway,
    puts: (event) => [byWindow(({ from, to }) => ({ from: from + MINUTE, to: to + MINUTE }))(event)],
    says: /which leaves out what came from/,
  },
  'a bake is cut short': {
    fits: bySlipway,
    puts: (event, events) => [byWindow(({ from }) => ({ to: from + shortest(events) - MINUTE }))(event)],
    says: /and the plan bakes for/,
  },
  'a verdict was inconclusive': {
    fits: bySlipway,
    puts: (event) => [byWindow(() => ({ verdict: 'inconclusive' }))(event)],
    says: /was inconclusive, not pass/,
  },
  'a write was put in': {
    fits: isWrite,
    puts: (event) => [event, { ...withWeights(event, { somebody: 100 }), at: event.at + 1 }],
    says: /no row of the audit ever wished it/,
  },
  'a weight was raised in the write': {
    fits: isWrite,
    puts: (event) => [withWeights(event, raised(event.asked?.weights ?? {}))],
    says: /no row of the audit ever wished it/,
  },
  'a weight was raised in the row': {
    fits: ({ row }) => row?.kind === 'step-started' && row.value !== 100,
    puts: (event) => [{ ...event, row: { ...event.row, value: (event.row?.value ?? 0) + 1 } } as Event],
    says: /the plan gives step \d+ /,
  },
  'a write follows a rollback': {
    fits: ({ row }, events) => row?.kind === 'rollback-started' && stepBefore(row, events) !== undefined,
    puts: (event, events) => {
      const { row } = event
      const step = row && stepBefore(row, events)
      const pattern = events.find((one) => isWrite(one) && JSON.stringify(one.asked?.weights) !== '{}')
      const app = events.find(
        (one) => one.kind === 'service' && `${(one as { entity?: string }).entity}` === row?.entityId,
      )?.app
      const weights = step?.row?.weightsAfter ?? {}
      const out = { kind: 'traffic', seed: event.seed, at: event.at, app, weights: row?.weightsAfter, revisions: [] }
      return [
        event,
        out as unknown as Event,
        { ...withWeights(pattern ?? event, weights), app, at: event.at + MINUTE } as Event,
      ]
    },
    says: /wished it once, and rollback-started .+ had overtaken that 1 min before/,
  },
}

function stepBefore(row: Row, events: readonly Event[]): Event | undefined {
  return events.findLast(
    (one) => one.row?.kind === 'step-started' && one.row.rollout === row.rollout && one.row.entityId === row.entityId,
  )
}

function shortest(events: readonly Event[]): number {
  const bakes = events.flatMap((one) =>
    one.kind === 'service'
      ? (one as unknown as { manifest: { stages: { bakeMs: number }[] } }).manifest.stages.map(({ bakeMs }) => bakeMs)
      : [],
  )
  return Math.min(...bakes.filter((bakeMs) => bakeMs > 0))
}

describe('on trials with faults', () => {
  it('every change of a weight is licensed, and every step has its evidence', () => {
    const { findings, seeds, windows, changes } = historyOf(all.map((event) => JSON.stringify(event)))
    expect(findings).toEqual([])
    expect(seeds).toBe(SEEDS)
    expect(windows).toBeGreaterThan(10)
    expect(changes['step-started']).toBeGreaterThan(20)
    expect(changes['rollback-started']).toBeGreaterThan(2)
  })

  it('a trial under all checks is written down without a gap', async () => {
    const lines: string[] = []
    await tryOut(drawScenario(1), { write: (event) => lines.push(JSON.stringify(event)) })
    expect(historyOf(lines).findings).toEqual([])
  })

  it.each(Object.entries(WAYS))('whoever tampers is found out: %s', (name, { fits, puts, says }) => {
    const places = traces.flatMap((events) =>
      events.flatMap((event, index) => (fits(event, events) ? [{ events, event, index }] : [])),
    )
    expect(places.length).toBeGreaterThan(0)
    const drawn = places.filter((_, place) => places.length <= 12 || chance(name.length, place) < 12 / places.length)
    for (const { events, event, index } of drawn) {
      const tampered = [...events.slice(0, index), ...puts(event, events), ...events.slice(index + 1)]
      const found = foundIn(tampered)
      expect(found.map((one) => one.says).join('\n'), `${name}: seed ${event.seed}, event ${index + 1}`).toMatch(says)
    }
  })

  it('whoever cuts a line out without numbering anew is found out, whichever line it is', () => {
    for (let draw = 0; draw < 40; draw += 1) {
      const events = traces[Math.floor(chance(1, draw) * SEEDS)] ?? []
      const gone = Math.floor(chance(2, draw) * events.length)
      const { findings } = historyOf(events.filter((_, index) => index !== gone).map((event) => JSON.stringify(event)))
      expect(findings.length, `seed ${events[0]?.seed}, line ${gone + 1}`).toBeGreaterThan(0)
    }
  })
})
