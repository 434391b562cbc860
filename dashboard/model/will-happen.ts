import type { ServiceView } from '../../lib/api.ts'

type Weights = Readonly<Record<string, number>>

/** What a person is told before a command is sent. */
export interface Forecast {
  readonly title: string
  /** The word on the button that sends it. */
  readonly button: string
  readonly sentences: readonly string[]
  /** Weights now, and those that the command wishes for; null where it changes none at once. */
  readonly before: Weights | null
  readonly after: Weights | null
  readonly reversible: string
  readonly isDangerous: boolean
  readonly needsReason: boolean
}

/** What the next steps of the plan weigh; null = the plan is not known. */
export type Plan = readonly { readonly weight: number; readonly gate: boolean }[] | null

type Teller = (service: ServiceView, plan: Plan) => Omit<Forecast, 'before'>

/** The order of the buttons: going on first, stopping last and apart. */
export const VERBS = ['approve', 'promote', 'promote-full', 'resume', 'retry', 'undo', 'pause', 'abort'] as const

export type Pressed = (typeof VERBS)[number]

/** What each button says. */
export const VERB_WORDS: Readonly<Record<Pressed, string>> = {
  approve: 'Approve',
  promote: 'Promote',
  'promote-full': 'Promote to 100 %',
  resume: 'Resume',
  retry: 'Retry',
  undo: 'Undo',
  pause: 'Pause',
  abort: 'Abort',
}

/** What a command will do to a service as it stands, in sentences; nothing is promised that the state does not say. */
export function forecast(verb: Pressed, service: ServiceView, plan: Plan): Forecast {
  return { ...TELLERS[verb](service, plan), before: service.weights.actual ?? service.weights.wanted }
}

const to = ({ stable, canary }: ServiceView, weight: number): Weights | null => {
  if (stable === null || canary === null) return null
  return weight === 100
    ? { [canary]: 100 }
    : weight === 0
      ? { [stable]: 100 }
      : { [stable]: 100 - weight, [canary]: weight }
}

const calm = { after: null, isDangerous: false, needsReason: false }

const TELLERS: Readonly<Record<Pressed, Teller>> = {
  approve: ({ gate, tag }) => ({
    ...calm,
    title: `Approve ${tag ?? 'this rollout'}`,
    button: 'Approve',
    sentences: [`Your approval counts for step ${gate?.step ?? '?'} and this digest only.`, remaining(gate)],
    reversible: 'An approval cannot be taken back; the rollout can still be paused or aborted.',
  }),
  promote: (service, plan) => {
    const following = service.step === null || plan === null ? undefined : plan[service.step.number]
    const isLast = service.step !== null && service.step.number >= service.step.of
    return {
      title: `Promote ${service.tag ?? ''}`.trim(),
      button: 'Promote now',
      sentences: [
        isLast
          ? 'The rollout ends as promoted without waiting for the rest of its bake.'
          : `The canary goes to ${following === undefined ? 'its next step' : `step ${(service.step?.number ?? 0) + 1} with ${following.weight} %`} now, without waiting for the rest of the bake.`,
        'The KPIs go on being judged; a failure still rolls it back.',
      ],
      after: following === undefined ? null : to(service, following.weight),
      reversible: 'Reversible: abort gives all traffic back to stable.',
      isDangerous: false,
      needsReason: false,
    }
  },
  'promote-full': (service) => ({
    title: `Promote ${service.tag ?? ''} to 100 %`,
    button: 'Send all traffic',
    sentences: [
      'The canary gets all traffic now. All steps and gates in between are left out.',
      'Everybody who uses the service is affected at once.',
    ],
    after: to(service, 100),
    reversible: 'Reversible while the rollout runs: abort gives all traffic back to stable.',
    isDangerous: true,
    needsReason: false,
  }),
  pause: () => ({
    ...calm,
    title: 'Pause the rollout',
    button: 'Pause',
    sentences: ['Weights stay as they are, and nothing goes further.', 'A broken limit still rolls it back.'],
    reversible: 'Reversible: resume goes on.',
  }),
  resume: () => ({
    ...calm,
    title: 'Resume the rollout',
    button: 'Resume',
    sentences: ['The rollout goes on where it was paused, with the same step and weight.'],
    reversible: 'Reversible: pause stops it again.',
  }),
  abort: (service) => ({
    title: `Abort ${service.rollout ?? 'the rollout'}`,
    button: 'Abort now',
    sentences: [
      'All traffic goes back to the stable revision at once, and the rollout ends.',
      'Users on the canary move to stable with their next request.',
    ],
    after: to(service, 0),
    reversible: 'Not reversible; retry starts a new rollout of the same image from step 1.',
    isDangerous: true,
    needsReason: false,
  }),
  retry: ({ tag, digest }) => ({
    ...calm,
    title: `Retry ${tag ?? ''}`.trim(),
    button: 'Start again',
    sentences: [
      `A new rollout of ${tag ?? 'the image'} (${digest?.slice(7, 19) ?? 'same digest'}) begins at step 1, with the manifest as it is now.`,
    ],
    reversible: 'Reversible: abort ends it.',
  }),
  undo: ({ canary, tag }) => ({
    title: 'Undo this release',
    button: 'Undo now',
    sentences: [
      `Traffic goes back from ${tag ?? canary ?? 'the present revision'} to what served before, or to what you name here.`,
      'Everybody who uses the service is affected at once. No KPI is waited for.',
    ],
    after: null,
    reversible: 'Reversible: a new push, or another undo, brings the release back.',
    isDangerous: true,
    needsReason: false,
  }),
}

function remaining(gate: ServiceView['gate']): string {
  if (gate === null) return 'No gate waits any more; nothing will happen.'
  const lacking = gate.required - gate.given.length
  return lacking <= 1
    ? 'It is the last one that is missing: the gate opens, and the rollout goes on to its next step.'
    : `${gate.given.length} of ${gate.required} approvals are given; after yours ${lacking - 1} more ${lacking === 2 ? 'is' : 'are'} needed.`
}
