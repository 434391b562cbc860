import { decide } from '../../../lib/core/decide/decide.ts'
import { type Command, type Facts, VERBS } from '../../../lib/core/facts.ts'
import type { Rollout } from '../../../lib/core/rollout.ts'
import {
  aCommand,
  aManifest,
  anAnalysis,
  anApp,
  appAt,
  aRollout,
  aVerdict,
  facts,
  finished,
  HOUR,
  MINUTE,
  PREPARING,
  PROVISIONING,
  paused,
  progressing,
  rollingBack,
  T0,
} from '../../support/builders.ts'

/** A rollout as it stands when somebody orders something, and what is seen then. */
interface Standing {
  readonly rollout: Rollout
  readonly seen?: Partial<Facts>
  readonly weight?: number
}

const LAST = 2
const stop = { id: 'stop', reason: 'the database is down', by: 'kim', since: T0, until: null }
const approvals = { required: 2, from: ['ada', 'bo'], notAuthor: false, validForMs: null }
const gated = aManifest({
  approvals,
  stages: [10, 30, 50, 100].map((weight) => ({ weight, bakeMs: HOUR, gate: weight < 100 })),
})
const single = { ...gated, approvals: { ...approvals, required: 1 } }
const never = aManifest({ analysis: anAnalysis({ onInconclusive: { afterMs: HOUR, then: 'promote-never' } }) })
const failing = { verdict: aVerdict('fail') }

/** In words, everything that a person may find. */
const STANDINGS: Readonly<Record<string, Standing>> = {
  'being prepared': { rollout: aRollout(PREPARING, { stable: null }), weight: 0 },
  'waiting for its revision': { rollout: aRollout(PROVISIONING), weight: 0 },
  'waiting for its revision, frozen': { rollout: aRollout(PROVISIONING), weight: 0, seen: { freeze: stop } },
  'in step 1': { rollout: aRollout(progressing(0)) },
  'in step 1, failing': { rollout: aRollout(progressing(0)), seen: failing },
  'in step 1, unclear, and nobody may promote that': {
    rollout: aRollout(progressing(0), { manifest: never }),
    seen: { verdict: aVerdict('inconclusive') },
  },
  'in step 1, frozen': { rollout: aRollout(progressing(0)), seen: { freeze: stop } },
  'in step 1 of a plan with gates': { rollout: aRollout(progressing(0), { manifest: gated }) },
  'in step 2 of a plan with gates': { rollout: aRollout(progressing(1), { manifest: gated }), weight: 30 },
  'in the last step': { rollout: aRollout(progressing(LAST)), weight: 100 },
  'in the last step, frozen': { rollout: aRollout(progressing(LAST)), weight: 100, seen: { freeze: stop } },
  'in the last step, whose weight is not real': {
    rollout: aRollout(progressing(LAST, null), { expected: [50, 100] }),
    weight: 50,
  },
  'paused by somebody': { rollout: aRollout(paused('operator')) },
  'paused by somebody before its first step': {
    rollout: aRollout(paused('operator', { from: 'provisioning', stage: -1, steadyAt: null }), { footprint: null }),
    weight: 0,
  },
  'paused after a foreign edit': { rollout: aRollout(paused('foreign-edit')) },
  'paused after a refusal of Azure': { rollout: aRollout(paused('fault')) },
  'paused since it is unclear': { rollout: aRollout(paused('inconclusive')) },
  'paused since it is unclear, and nobody may promote that': {
    rollout: aRollout(paused('inconclusive'), { manifest: never }),
  },
  'at a gate': { rollout: aRollout(paused('gate')) },
  'at a gate, frozen': { rollout: aRollout(paused('gate')), seen: { freeze: stop } },
  'at a gate that takes one approval': { rollout: aRollout(paused('gate'), { manifest: single }) },
  'at a gate that takes two approvals': { rollout: aRollout(paused('gate'), { manifest: gated }) },
  'at a gate that takes two approvals, frozen': {
    rollout: aRollout(paused('gate'), { manifest: gated }),
    seen: { freeze: stop },
  },
  'being rolled back': { rollout: aRollout(rollingBack()) },
  'finished (promoted)': { rollout: aRollout(finished('promoted')), weight: 100 },
  'finished (rolled-back)': { rollout: aRollout(finished('rolled-back')), weight: 0 },
}

/** Whoever orders: with and without a reason, by somebody who is on no list, and with the glass broken. */
const ORDERS: readonly (readonly [string, Partial<Command>])[] = [
  ['ada', {}],
  ['mallory', { actor: 'mallory', actorId: 'id-mallory', reason: 'why not' }],
  ['ada, breaking the glass', { override: true, reason: 'the fix for the outage cannot wait' }],
]

/** What comes of every order in every standing, a paragraph for each standing. */
export function toldOfOrders(): string {
  return Object.entries(STANDINGS)
    .map(([words, standing]) => `## ${words}\n${linesOf(standing).join('\n')}\n`)
    .join('\n')
}

function linesOf({ rollout, weight = 10, seen = {} }: Standing): readonly string[] {
  const app = weight === 0 ? anApp() : appAt(weight)
  const verbs = VERBS.filter((verb) => verb !== 'undo')
  return verbs.flatMap((verb) =>
    // Only promotions and approvals mind who orders them.
    (verb === 'approve' || verb.startsWith('promote') ? ORDERS : ORDERS.slice(1, 2)).map(([who, changes]) => {
      const place = verb === 'approve' ? { step: 1, digest: rollout.push.digest } : {}
      const command = aCommand(verb, { ...place, ...changes })
      const { answer, rows, next } = decide(rollout, facts(app, { now: T0 + MINUTE, ...seen }), command)
      const told = rows.map(
        ({ kind, metric, value, actor, step, notes }) =>
          `    ${kind} by ${actor} [${metric} ${value}, step ${step}] ${notes}`,
      )
      return [`${verb} by ${who} → ${answer?.kind}: ${answer?.because} (then ${phaseText(next)})`, ...told].join('\n')
    }),
  )
}

function phaseText({ phase, approvals: given, unfrozen }: Rollout): string {
  const where = 'stage' in phase ? ` ${phase.stage}${phase.steadyAt === null ? ', not steady' : ''}` : ''
  const why = phase.kind === 'paused' ? ` for ${phase.why} since ${phase.because}` : ''
  const agreed = given.length === 0 ? '' : `, approved by ${given.map(({ name }) => name).join(' and ')}`
  return `${phase.kind}${where}${why}${agreed}${unfrozen.length === 0 ? '' : `, past ${unfrozen.join(' and ')}`}`
}
