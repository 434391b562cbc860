import { figure, flag, kinds, list, maybe, object, oneOf, orNull, record, type Shape, text, version } from './shape.ts'

const OUTCOMES = ['promoted', 'rolled-back', 'aborted', 'superseded', 'failed', 'refused', 'unchanged'] as const
const PAUSES = ['gate', 'operator', 'inconclusive', 'foreign-edit', 'fault'] as const
const SOURCES = ['azure-logs', 'azure-metrics', 'app-insights', 'prometheus', 'http', 'probe'] as const

const anything: Shape = () => null
const figures = record(figure)
const texts = list(text)

const key = object({ environment: text, name: text })

const push = object({
  registry: text,
  repository: text,
  tag: text,
  digest: text,
  pushedAt: figure,
  eventId: text,
  source: text,
  author: maybe(orNull(text)),
})

const kpi = object({
  name: text,
  role: oneOf('required', 'guard', 'advisory'),
  kind: oneOf('latency', 'error-rate', 'uptime', 'ratio', 'gauge'),
  source: object({ kind: oneOf(...SOURCES) }),
  lagMs: figure,
  minRequests: orNull(figure),
})

const analysis = object({
  intervalMs: figure,
  bucketMs: figure,
  warmUpMs: figure,
  kpis: list(kpi),
  onInconclusive: object({ afterMs: orNull(figure), then: oneOf('wait', 'abort', 'promote-never') }),
  onRelative: oneOf('hold', 'abort', 'ignore'),
  onBlind: object({ afterMs: figure, then: oneOf('wait', 'abort') }),
  requireEvidence: flag,
})

const manifest = object({
  name: text,
  environment: text,
  target: object({ subscriptionId: text, resourceGroup: text, app: text, container: orNull(text) }),
  image: object({
    registry: text,
    repository: text,
    tags: kinds({ glob: { pattern: text }, semver: { range: text } }),
  }),
  stages: list(object({ weight: figure, bakeMs: figure, gate: flag })),
  analysis,
  onNewRevision: oneOf('supersede', 'queue', 'reject'),
  deadlines: object({ readyMs: figure, trafficMs: figure, gateMs: orNull(figure) }),
  approvals: maybe(
    orNull(object({ required: figure, from: orNull(texts), notAuthor: flag, validForMs: orNull(figure) })),
  ),
  drainMs: figure,
  scaleDownDelayMs: figure,
  watchMs: figure,
})

const handled = object({ digest: text, tag: text, pushedAt: figure, eventId: text, rollout: orNull(text) })

/** What the state of a service must have, as any build of this schema wrote it. */
export const SERVICE = object({
  schema: version,
  key,
  manifest,
  manifestVersion: figure,
  rolloutNumber: figure,
  pending: list(push),
  undo: maybe(orNull(object({ push, actor: text, because: text }))),
  handled: list(handled),
  chain: object({ seq: figure, hash: text }),
})

const phase = kinds({
  preparing: { since: figure },
  provisioning: { since: figure },
  progressing: { stage: figure, since: figure, steadyAt: orNull(figure) },
  paused: {
    why: oneOf(...PAUSES),
    because: text,
    since: figure,
    from: oneOf('preparing', 'provisioning', 'progressing'),
    stage: figure,
    steadyAt: orNull(figure),
  },
  'rolling-back': { outcome: oneOf(...OUTCOMES), because: text, since: figure },
  finished: { outcome: oneOf(...OUTCOMES), because: text, at: figure, watchUntil: figure },
})

const footprint = object({
  mode: text,
  sticky: flag,
  followsLatest: flag,
  weights: figures,
  labels: record(text),
  revisions: texts,
  active: texts,
  revisionsAt: maybe(figure),
})

const trouble = object({
  kind: text,
  message: text,
  during: oneOf('look', 'deed'),
  since: figure,
  retryAt: figure,
  count: figure,
})

const approval = object({
  id: text,
  name: text,
  step: figure,
  digest: text,
  at: figure,
  expiresAt: orNull(figure),
})

/** What a rollout must have, as any build of this schema wrote it. */
export const ROLLOUT = object({
  schema: version,
  id: text,
  number: figure,
  key,
  push,
  cause: maybe(oneOf('push', 'retry', 'undo')),
  manifest,
  manifestVersion: figure,
  startedAt: figure,
  phase,
  stable: orNull(text),
  stableImage: maybe(text),
  canary: text,
  expected: list(figure),
  wished: list(figure),
  wishedAt: figure,
  footprint: orNull(footprint),
  place: orNull(object({ region: text, hosts: record(text) })),
  approvals: maybe(list(approval)),
  frozen: maybe(orNull(object({ id: text, reason: text, by: text, since: figure, until: orNull(figure) }))),
  frozenAt: maybe(orNull(figure)),
  verdict: orNull(object({ kind: text, because: text, evidence: list(object({})) })),
  trouble: orNull(trouble),
  leftovers: texts,
  repairs: figure,
  repairBurst: maybe(object({ since: figure, before: figure })),
  trafficSeenAt: figure,
  unwell: figure,
  restarting: figure,
  overdue: flag,
  wakeAt: orNull(figure),
})

/** What the judge's state must have. */
export const JUDGE = object({
  schema: version,
  rollout: text,
  since: figure,
  from: figure,
  kpis: record(
    object({
      next: figure,
      sequence: object({ schema: version, minutes: figure, baseline: list(anything), badMinutes: list(figure) }),
      history: object({ phi: figure, buckets: figure, busy: figure, total: figure }),
      step: object({
        since: figure,
        buckets: figure,
        covered: figure,
        bad: figure,
        total: figure,
        paired: maybe(figure),
        allowed: figure,
        baselineBad: figure,
        baselineTotal: figure,
      }),
      lagMs: figure,
      recent: list(list(orNull(figure))),
      corrected: figure,
      blind: orNull(object({ since: figure, silence: text })),
      uncontrolled: figure,
      idle: figure,
      value: orNull(figure),
    }),
  ),
})

/** What a line of buckets must have. */
export const BUCKETS = object({ rollout: text, at: figure, kpis: record(list(list(orNull(figure)))) })

/** What an audit row must have, columns and JSON together. */
export const AUDIT = object({
  id: text,
  entityId: text,
  metric: text,
  notes: text,
  kind: text,
  actor: text,
  value: orNull(figure),
  rollout: orNull(text),
  step: orNull(figure),
  happenedAt: figure,
  seq: figure,
  weightsBefore: orNull(figures),
  weightsAfter: orNull(figures),
  evidence: list(object({})),
  detail: orNull(object({})),
  previousHash: text,
  hash: text,
})

/** What a command's answer must have. */
export const COMMAND = object({ id: text, verb: text, actor: text, at: figure, rollout: orNull(text), answer: text })

/** What the record of an event must have. */
export const EVENT = object({
  id: text,
  receivedAt: figure,
  source: text,
  outcome: text,
  reason: text,
  image: orNull(text),
  digest: orNull(text),
  entityId: orNull(text),
  rollout: orNull(text),
})

/** What a notice must have. */
export const NOTICE = object({
  schema: version,
  id: text,
  seq: figure,
  kind: text,
  severity: text,
  title: text,
  sentence: text,
  environment: text,
  service: orNull(text),
  rollout: orNull(text),
  actor: text,
  at: figure,
})

/** What a parcel must have. */
export const PARCEL = object({
  environment: text,
  sink: text,
  notice: NOTICE,
  queuedAt: figure,
  tries: figure,
  lastError: orNull(text),
  deadAt: orNull(figure),
})

/** What the state of a sink must have. */
export const SINK = object({
  leasedUntil: figure,
  failures: figure,
  failingSince: orNull(figure),
  pausedUntil: figure,
  lastError: orNull(text),
})

/** What an item of the quarantine must have. */
export const QUARANTINED = object({
  schema: version,
  id: text,
  kind: oneOf('row', 'message', 'service'),
  what: text,
  place: text,
  environment: orNull(text),
  service: orNull(text),
  field: orNull(text),
  why: text,
  holds: flag,
  content: orNull(text),
  state: oneOf('waiting', 'redriven', 'dismissed'),
  since: figure,
  triedAt: figure,
  tries: figure,
  nextTryAt: orNull(figure),
  redriven: orNull(object({ by: text, at: figure })),
  dismissed: orNull(object({ by: text, at: figure, reason: text })),
  reasons: maybe(list(text)),
  owed: maybe(list(object({ id: text, row: object({ kind: text, notes: text }), environments: list(text) }))),
  tellings: maybe(figure),
  releasedAt: maybe(figure),
})
