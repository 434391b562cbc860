import {
  BadLine,
  figure,
  list,
  type Members,
  maybe,
  members,
  numbers,
  oneOf,
  type Reader,
  text,
  truth,
  whole,
} from './shape.ts'

/** Share of the traffic in percent, by name of revision. */
export type Weights = Readonly<Record<string, number>>

/** What a decision rests on: one KPI of one revision in a window. Times are epoch milliseconds. */
export interface Proof {
  readonly kpi: string
  readonly role: string
  readonly revision: string
  readonly from: number
  readonly to: number
  readonly verdict: string
}

/** A row of the audit. `whole` is the row as it stood in the trace, for its hash. */
export interface Row {
  readonly id: string
  readonly seq: number
  readonly entityId: string
  readonly happenedAt: number
  readonly kind: string
  readonly metric: string
  readonly value: number | null
  readonly notes: string
  readonly actor: string
  readonly rollout: string | null
  readonly step: number | null
  readonly weightsBefore: Weights | null
  readonly weightsAfter: Weights | null
  readonly evidence: readonly Proof[]
  readonly previousHash: string
  readonly hash: string
  readonly whole: Members
}

/** The part of a service's manifest that decides what a step needs. */
export interface Plan {
  readonly stages: readonly { readonly weight: number; readonly bakeMs: number; readonly gate: boolean }[]
  readonly bucketMs: number
  readonly kpis: readonly { readonly name: string; readonly role: string; readonly lagMs: number }[]
}

/** What a line tells, as far as the history needs it; `else` = a kind that says nothing about licences. */
export type Told =
  | { readonly kind: 'service'; readonly entity: string; readonly app: string; readonly plan: Plan }
  | { readonly kind: 'audit'; readonly row: Row; readonly commit: number }
  | { readonly kind: 'decision'; readonly entity: string; readonly worker: number; readonly commit: number }
  | {
      readonly kind: 'arm-write'
      readonly worker: number
      readonly app: string
      readonly weights: Weights | null
      readonly followsLatest: boolean
      /** Whether it took effect, whatever was answered. */
      readonly counts: boolean
    }
  | { readonly kind: 'edit'; readonly app: string; readonly after: Weights }
  | { readonly kind: 'traffic'; readonly app: string; readonly weights: Weights }
  | { readonly kind: 'end' }
  | { readonly kind: 'else' }

/** One line of a trace: `line` is its place in the file from 1, `n` its place within its seed. */
export type Line = { readonly line: number; readonly seed: number; readonly n: number; readonly at: number } & Told

const KINDS = [
  'principal',
  'secret',
  'message-tried',
  'asleep',
  'heartbeat',
  'log',
  'service',
  'fault',
  'push-accepted',
  'event-recorded',
  'command',
  'command-answered',
  'wake',
  'crash',
  'measurement',
  'decision',
  'audit',
  'arm-read',
  'arm-write',
  'edit',
  'traffic',
  'notice',
  'violation',
  'end',
] as const

/** Reads one line; throws `BadLine` for whatever is not as documented. */
export function readLine(json: string, line: number): Line {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new BadLine('it is not JSON')
  }
  const it = members(value, 'the line')
  const place = { line, seed: whole(it.seed, 'seed'), n: whole(it.n, 'n'), at: figure(it.at, 'at') }
  return { ...place, ...toldBy(it) }
}

function toldBy(it: Members): Told {
  const kind = oneOf(KINDS)(it.kind, 'kind')
  switch (kind) {
    case 'service':
      return {
        kind,
        entity: text(it.entity, 'entity'),
        app: text(it.app, 'app'),
        plan: planOf(it.manifest, 'manifest'),
      }
    case 'audit':
      return { kind, row: rowOf(it.row, 'row'), commit: whole(it.commit, 'commit') }
    case 'decision':
      return {
        kind,
        entity: text(it.entity, 'entity'),
        worker: whole(it.worker, 'worker'),
        commit: whole(it.commit, 'commit'),
      }
    case 'arm-write':
      return writeOf(it)
    case 'edit':
      return { kind, app: text(it.app, 'app'), after: numbers(it.after, 'after') }
    case 'traffic':
      return { kind, app: text(it.app, 'app'), weights: numbers(it.weights, 'weights') }
    case 'end':
      return { kind }
    default:
      return { kind: 'else' }
  }
}

function writeOf(it: Members): Told {
  const asked = members(it.asked, 'asked')
  const outcome = oneOf(['taken', 'refused'])(it.outcome, 'outcome')
  const applied = truth(it.applied, 'applied')
  return {
    kind: 'arm-write',
    worker: whole(it.worker, 'worker'),
    app: text(it.app, 'app'),
    weights: maybe(numbers)(asked.weights, 'asked.weights'),
    followsLatest: truth(asked.followsLatest, 'asked.followsLatest'),
    counts: outcome === 'taken' || applied,
  }
}

const planOf: Reader<Plan> = (value, where) => {
  const manifest = members(value, where)
  const analysis = members(manifest.analysis, `${where}.analysis`)
  return {
    stages: list((one, at) => {
      const stage = members(one, at)
      const weight = figure(stage.weight, `${at}.weight`)
      return { weight, bakeMs: whole(stage.bakeMs, `${at}.bakeMs`), gate: truth(stage.gate, `${at}.gate`) }
    })(manifest.stages, `${where}.stages`),
    bucketMs: whole(analysis.bucketMs, `${where}.analysis.bucketMs`),
    kpis: list((one, at) => {
      const kpi = members(one, at)
      const lagMs = whole(kpi.lagMs, `${at}.lagMs`)
      return { name: text(kpi.name, `${at}.name`), role: text(kpi.role, `${at}.role`), lagMs }
    })(analysis.kpis, `${where}.analysis.kpis`),
  }
}

const proofOf: Reader<Proof> = (value, where) => {
  const it = members(value, where)
  return {
    kpi: text(it.kpi, `${where}.kpi`),
    role: text(it.role, `${where}.role`),
    revision: text(it.revision, `${where}.revision`),
    from: figure(it.from, `${where}.from`),
    to: figure(it.to, `${where}.to`),
    verdict: text(it.verdict, `${where}.verdict`),
  }
}

const rowOf: Reader<Row> = (value, where) => {
  const it = members(value, where)
  const words = (name: string) => text(it[name], `${where}.${name}`)
  const weights = (name: string) => maybe(numbers)(it[name], `${where}.${name}`)
  return {
    id: words('id'),
    seq: whole(it.seq, `${where}.seq`),
    entityId: words('entityId'),
    happenedAt: figure(it.happenedAt, `${where}.happenedAt`),
    kind: words('kind'),
    metric: words('metric'),
    value: maybe(figure)(it.value, `${where}.value`),
    notes: words('notes'),
    actor: words('actor'),
    rollout: maybe(text)(it.rollout, `${where}.rollout`),
    step: maybe(whole)(it.step, `${where}.step`),
    weightsBefore: weights('weightsBefore'),
    weightsAfter: weights('weightsAfter'),
    evidence: list(proofOf)(it.evidence, `${where}.evidence`),
    previousHash: words('previousHash'),
    hash: words('hash'),
    whole: it,
  }
}
