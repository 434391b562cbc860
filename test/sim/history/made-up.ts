import { hashOf } from '../../../sim/history/chain.ts'

/** A line of a made-up trace; numbers and hashes are put in by `traceOf`. */
export type Told = Record<string, unknown> & { kind: string; at: number }

export const MINUTE = 60_000
export const START = Date.UTC(2026, 0, 5, 12)
export const APP = 'sub/rides/pricing'
export const CANARY = 'pricing--r1-02020202'
export const STABLE = 'pricing--v1'
export const BAKE = 60 * MINUTE

export const at = (minutes: number) => START + minutes * MINUTE

export function service(
  stages = [
    { weight: 10, bakeMs: BAKE, gate: false },
    { weight: 50, bakeMs: BAKE, gate: false },
    { weight: 100, bakeMs: 0, gate: false },
  ],
): Told {
  const kpis = [
    { name: 'errors', role: 'required', lagMs: 3 * MINUTE },
    { name: 'p95', role: 'advisory', lagMs: 3 * MINUTE },
  ]
  return {
    kind: 'service',
    at: at(0),
    entity: 'production/pricing',
    app: APP,
    manifest: { stages, analysis: { bucketMs: MINUTE, kpis } },
  }
}

export function row(minutes: number, kind: string, row: Record<string, unknown> = {}): Told {
  const filled = {
    kind,
    metric: 'none',
    value: null,
    notes: kind,
    actor: 'slipway',
    rollout: 'pricing-1',
    step: null,
    ...EMPTY,
    ...row,
  }
  return {
    kind: 'audit',
    at: at(minutes),
    commit: minutes,
    row: { ...filled, happenedAt: at(minutes), entityId: 'production/pricing' },
  }
}

const EMPTY = { weightsBefore: null, weightsAfter: null, evidence: [], detail: null, schema: 1 }

export function proof(from: number, to: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { kpi: 'errors', role: 'required', revision: CANARY, from: at(from), to: at(to), verdict: 'pass', ...changes }
}

export function split(weight: number): Record<string, number> {
  if (weight === 0) return { [STABLE]: 100 }
  return weight === 100 ? { [CANARY]: 100 } : { [STABLE]: 100 - weight, [CANARY]: weight }
}

export function write(
  minutes: number,
  weights: Record<string, number> | null,
  changes: Record<string, unknown> = {},
): Told {
  const asked = { weights, followsLatest: false, revision: null, image: null }
  const answer = { outcome: 'taken', applied: true, code: null, revisions: [] }
  return { kind: 'arm-write', at: at(minutes), worker: 0, app: APP, deed: 'patch', asked, ...answer, ...changes }
}

export function step(minutes: number, number: number, weight: number, changes: Record<string, unknown> = {}): Told {
  return row(minutes, 'step-started', {
    metric: 'canary-weight',
    value: weight,
    step: number,
    weightsAfter: split(weight),
    ...changes,
  })
}

export function confirmed(minutes: number, number: number, weight: number): Told {
  return row(minutes, 'weights-confirmed', { step: number, value: weight, weightsAfter: split(weight) })
}

/** A rollout from its push to the first step at 10 %, whose weight is seen a minute after its write. */
export const BEGUN: readonly Told[] = [
  service(),
  row(0, 'rollout-started', { detail: { cause: 'push' } }),
  row(1, 'stable-found', { weightsBefore: split(0) }),
  row(1, 'revision-requested'),
  row(2, 'revision-ready'),
  step(2, 1, 10),
  write(2, split(10)),
  confirmed(3, 1, 10),
]

/** A sound promotion: two steps by evidence, the last without a bake. */
export const PROMOTED: readonly Told[] = [
  ...BEGUN,
  step(66, 2, 50, { evidence: [proof(3, 63)] }),
  write(66, split(50)),
  confirmed(67, 2, 50),
  step(130, 3, 100, { evidence: [proof(67, 127)] }),
  write(130, split(100)),
  confirmed(131, 3, 100),
  row(131, 'promotion-confirmed', { step: 3 }),
  row(131, 'finished', { notes: 'promoted: it serves all traffic' }),
]

/** Lines with seed, numbers and hashes put in, as if nobody had touched them; `end` is added. */
export function traceOf(told: readonly Told[], seed = 7): string[] {
  return sealed(
    [...told, { kind: 'end', at: (told.at(-1)?.at ?? 0) + 1, calmAt: 0, canaries: 1, violations: 0 }].map((line) => ({
      seed,
      ...line,
    })),
  )
}

/** The same lines, numbered and chained anew: what somebody would do who knows how. */
export function sealed(lines: readonly Record<string, unknown>[]): string[] {
  const heads = new Map<string, { seq: number; hash: string }>()
  const counts = new Map<unknown, number>()
  return lines.map((line) => {
    const n = (counts.get(line.seed) ?? 0) + 1
    counts.set(line.seed, n)
    if (line.kind !== 'audit') return JSON.stringify({ ...line, n })
    const told = line.row as Record<string, unknown>
    const chain = `${line.seed} ${told.entityId}`
    const head = heads.get(chain) ?? { seq: 0, hash: '0'.repeat(64) }
    const seq = head.seq + 1
    const said = { ...told, seq, id: `${told.entityId}#${seq}`, previousHash: head.hash }
    const hash = hashOf(said)
    heads.set(chain, { seq, hash })
    return JSON.stringify({ ...line, n, row: { ...said, hash } })
  })
}
