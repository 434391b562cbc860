import type { RolloutView, ServiceView } from '../../lib/api.ts'

/** A rollout of the list or of its own page, as it stands. */
export type Rollout = Omit<RolloutView, 'etag'>

/** What the page of a rollout shows, whether it runs, or ended long ago. */
export interface Scene {
  readonly rollout: Rollout
  /** The service as it stands; null where this rollout is not its newest. */
  readonly status: ServiceView | null
  readonly phase: string
  readonly outcome: string | null
  readonly because: string
  readonly kpis: ServiceView['kpis']
  readonly endedAt: number | null
}

/** Joins a rollout and its service: the service's word is newer where both speak of the same rollout. */
export function sceneOf(rollout: Rollout, service: ServiceView | null): Scene {
  const status = service?.rollout === rollout.id ? service : null
  const { phase } = rollout
  const isOver = phase.kind === 'finished'
  return {
    rollout,
    status,
    phase: status?.phase ?? phase.kind,
    outcome: status === null ? (isOver ? phase.outcome : null) : status.outcome,
    because: status?.why ?? ('because' in phase ? phase.because : ''),
    kpis: status?.kpis ?? rollout.verdict?.evidence ?? [],
    endedAt: isOver ? phase.at : null,
  }
}

/** How far each step of the plan is. */
export interface StepView {
  readonly number: number
  readonly weight: number
  readonly bakeMs: number
  readonly gate: boolean
  /** `failed` and `stopped`: the rollout ended there, by its KPIs or the platform, or for another reason. */
  readonly state: 'done' | 'now' | 'ahead' | 'never' | 'failed' | 'stopped'
}

/** The steps of a rollout and how far each is; `at` is the step from 1, null before the first. */
export function stepsOf({ rollout, status, phase, outcome }: Scene): readonly StepView[] {
  const at = status?.step?.number ?? ('stage' in rollout.phase ? rollout.phase.stage + 1 : null)
  const isOver = isEnding(phase)
  const ended = outcome ?? ('outcome' in rollout.phase ? rollout.phase.outcome : null)
  const isDone = ended === 'promoted' || ended === 'unchanged'
  const here = !isOver ? 'now' : ended === 'rolled-back' || ended === 'failed' ? 'failed' : 'stopped'
  const reached =
    at ??
    Math.max(
      0,
      ...rollout.manifest.stages.map(({ weight }, index) => (rollout.wished.includes(weight) ? index + 1 : 0)),
    )
  return rollout.manifest.stages.map(({ weight, bakeMs, gate }, index) => {
    const number = index + 1
    const state = isDone || number < reached ? 'done' : number === reached ? here : isOver ? 'never' : 'ahead'
    return { number, weight, bakeMs, gate, state }
  })
}

/** Whether a rollout of this phase is over, or gives back what it has: nothing passes any more. */
export function isEnding(phase: string): boolean {
  return phase === 'finished' || phase === 'rolling-back'
}

/** What the revision that served before and the new one are by now, as the key of a colour and as a word. */
export function rolesOf({ phase, outcome }: Scene): {
  readonly stable: readonly [key: string, word: string]
  readonly canary: readonly [key: string, word: string]
} {
  const stable = ['stable', 'stable'] as const
  if (phase !== 'finished') return { stable, canary: ['canary', 'canary'] }
  if (outcome === 'promoted') return { stable: ['former', 'former'], canary: stable }
  return { stable, canary: ['canary', CANARY_ENDS[outcome ?? ''] ?? 'canary, ended'] }
}

const CANARY_ENDS: Readonly<Record<string, string>> = {
  'rolled-back': 'canary, rolled back',
  aborted: 'canary, aborted',
  failed: 'canary, failed',
  superseded: 'canary, superseded',
  refused: 'canary, refused',
  unchanged: 'canary, not needed',
}

/** What the next step still lacks, as sentences: gate, freeze, trouble, and every required KPI that does not pass. */
export function lackingOf({ status, kpis }: Scene): readonly string[] {
  if (status === null || isEnding(status.phase)) return []
  const { gate, freeze, trouble } = status
  const found: string[] = []
  if (trouble !== null) found.push(trouble)
  if (freeze !== null) found.push(freezeText(freeze))
  if (gate !== null) {
    const left = gate.required - gate.given.length
    found.push(
      `${left} of ${gate.required} ${gate.required === 1 ? 'approval' : 'approvals'} ${left === 1 ? 'is' : 'are'} missing.`,
    )
  }
  for (const { kpi, role, verdict, missing, because } of kpis) {
    if (role === 'required' && verdict !== 'pass') found.push(`${kpi}: ${missing ?? withoutName(kpi, because)}`)
  }
  return found
}

/** Slipway itself holds only where nobody can read which freezes do: so says a server from before the field. */
function freezeText({ by, reason, unreadable }: NonNullable<ServiceView['freeze']>): string {
  if (unreadable || by === 'slipway') return `Nobody can read which freezes hold: ${reason}.`
  return `The freeze “${reason}” by ${by} must end.`
}

/** Half a sentence of the judge without the name of the KPI that it begins with. */
export function withoutName(kpi: string, because: string): string {
  return because.startsWith(`${kpi}: `) ? because.slice(kpi.length + 2) : because
}
