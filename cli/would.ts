import type { CommandRequest, ServiceView } from '../lib/api.ts'
import type { Verb } from '../lib/core/facts.ts'
import { heldText } from './ended.ts'
import { clean, shortDigest } from './words.ts'

/** What a command would do, as a sentence, and why it would be refused; null where nothing stands against it. */
export interface Foretold {
  readonly will: string
  readonly refusedBecause: string | null
}

/** Tells from a status what a command would do now. The service decides anew when it is sent. */
export function foretold(verb: Verb, view: ServiceView, request: CommandRequest): Foretold {
  const { commands, may, service, rollout } = view
  const what = clean(view.what)
  const meant = request.rollout
  const refusedBecause =
    meant !== undefined && meant !== rollout
      ? `${meant} is not the newest rollout of ${service}: ${what}`
      : !commands.includes(verb)
        ? `${service} takes no ${verb} now: ${[what, heldText(view) ?? ''].filter((part) => part !== '').join(', ')}${others(commands)}`
        : may.includes(verb) || request.override === true
          ? null
          : `your roles do not let you ${verb} ${service}; slipway whoami tells them`
  return { will: sentence(verb, view, request), refusedBecause }
}

function others(commands: readonly Verb[]): string {
  return commands.length === 0 ? '' : `; it takes ${commands.join(', ')}`
}

function sentence(verb: Verb, view: ServiceView, request: CommandRequest): string {
  const { environment, service, stable, canary, step, gate, freeze } = view
  const id = `${request.rollout ?? view.rollout ?? service} in ${environment}`
  const image = `${clean(view.tag ?? 'the new image', 60)} (${shortDigest(view.digest)})`
  const glass =
    request.override === true
      ? ` This breaks the glass: ${[freezeText(freeze), 'missing approvals'].filter((part) => part !== '').join(' and ')} will not hold it, and the audit says so.`
      : ''
  return `${act()}${glass}`

  function act(): string {
    switch (verb) {
      case 'promote':
        return `promote ${id}: it goes on past ${step === null ? 'where it stands' : `step ${step.number} of ${step.of}`}.`
      case 'promote-full':
        return `promote ${id} fully: ${image} takes 100 % of the traffic at once. Steps, bakes, gates and KPIs that are still to come are left out.`
      case 'approve':
        return `approve step ${gate?.step ?? '?'} of ${id} with ${image}: ${(gate?.given.length ?? 0) + 1} of ${gate?.required ?? '?'} approvals.`
      case 'pause':
        return `pause ${id}: its weights stay as they are until resume, promote or abort.`
      case 'resume':
        return `resume ${id}: it goes on from where it was paused.`
      case 'abort':
        return `abort ${id}: ${canary ?? 'the canary'} loses its traffic at once, ${stable ?? 'the stable revision'} takes 100 %.`
      case 'retry':
        return `retry ${id}: ${image} is rolled out again, from its first step.`
      case 'undo':
        return `undo ${id}: ${clean(request.to ?? 'what served before', 100)} is brought back and takes 100 % of the traffic; no freeze holds it.`
    }
  }
}

function freezeText(freeze: ServiceView['freeze']): string {
  if (freeze === null) return ''
  return freeze.unreadable ? 'freezes that nobody can read' : `the freeze "${clean(freeze.reason, 100)}"`
}
