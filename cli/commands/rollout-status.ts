import type { ServiceView } from '../../lib/api.ts'
import { duration } from '../../lib/core/format.ts'
import type { Call } from '../call.ts'
import { heldStandOf, heldText, pastStand, type Stand } from '../ended.ts'
import { EXIT } from '../exit.ts'
import { type Api, connect } from '../http.ts'
import type { Io } from '../io.ts'
import { changeOf, statusLine } from '../print-status.ts'
import { findTarget, rolloutOf, type Target } from '../target.ts'
import { watch } from '../watch.ts'
import { clean, reasonAfter } from '../words.ts'

interface Options {
  readonly wait?: boolean
  readonly timeout: number
  readonly tag?: string
}

/** `slipway status`: where it stands in one line and in the exit code; with `--wait` once that is decided. */
export async function run({ io, options, args }: Call<Options>): Promise<number> {
  const api = connect(io, options)
  const target = await findTarget(api, args[0] ?? '', options.environment)
  const isJson = options.json === true
  if (options.wait === true) return waitFor(io, api, target, { timeoutMs: options.timeout, isJson, tag: options.tag })
  if (isOvertaken(target.view, target)) return tellPast(io, api, target, isJson)
  tell(io, target.view, isJson)
  return heldStandOf(target.view, 0).exit
}

/** How long to wait, for which tag's rollout (undefined = the newest), and how to tell it. */
export interface Waiting {
  readonly timeoutMs: number
  readonly isJson: boolean
  readonly tag?: string | undefined
}

/** Waits until a rollout is decided, or a person is needed, or the time is over; says every change on the way. */
export async function waitFor(io: Io, api: Api, target: Target, { timeoutMs, isJson, tag }: Waiting): Promise<number> {
  const late = AbortSignal.timeout(timeoutMs)
  const lateAt = Date.now() + timeoutMs
  const clocked = { ...io, interrupted: AbortSignal.any([io.interrupted, late]) }
  let pinned = tag === undefined ? { ...target, rollout: target.rollout ?? newestOf(target.view) } : target
  let [newest, told] = [target.view, '']
  for await (const seen of watch(clocked, api, target.service, target.view.environment)) {
    if (seen.kind === 'silence') {
      io.talk(`slipway: ${seen.because}; trying again`)
      continue
    }
    newest = seen.view
    const isAwaited = pinned.rollout === null && tag !== undefined && newest.tag !== tag
    if (!isAwaited) pinned = { ...pinned, rollout: pinned.rollout ?? newestOf(newest) }
    if (isOvertaken(newest, pinned)) return tellPast(io, api, pinned, isJson)
    const news = changeOf(newest)
    if (news !== told) io.talk(statusLine(seen))
    told = news
    const stand = heldStandOf(newest, lateAt - Date.now())
    if (stand.isFinal && !isAwaited) return end(io, newest, stand, isJson)
  }
  if (io.interrupted.aborted) return EXIT.interrupted
  io.talk(
    `slipway: ${duration(timeoutMs)} are over and it is not decided; the rollout goes on. Wait longer with --timeout.`,
  )
  tell(io, newest, isJson)
  return EXIT.timedOut
}

function newestOf({ rollout }: ServiceView): Target['rollout'] {
  const number = Number(/-(\d+)$/.exec(rollout ?? '')?.[1])
  return rollout === null ? null : { id: rollout, number }
}

/** Whether a newer rollout has taken the place of the one that is meant. */
function isOvertaken(view: ServiceView, { rollout }: Target): boolean {
  return rollout !== null && view.rollout !== rollout.id
}

async function tellPast(io: Io, api: Api, target: Target, isJson: boolean): Promise<number> {
  const rollout = await rolloutOf(api, target)
  const { phase } = rollout
  const word = phase.kind === 'finished' ? phase.outcome : phase.kind
  const because = 'because' in phase ? `: ${reasonAfter(word, clean(phase.because))}` : ''
  io.write(isJson ? JSON.stringify(rollout) : `${rollout.id} ${clean(rollout.push.tag, 60)} ${word}${because}`)
  return pastStand(rollout).exit
}

function end(io: Io, view: ServiceView, { exit }: Stand, isJson: boolean): number {
  tell(io, view, isJson)
  if (exit !== EXIT.waiting) return exit
  const { service, environment, freeze } = view
  if (heldText(view) === null || freeze === null)
    io.talk(`It waits for a person: ${clean(view.next)}. Look: slipway get ${service}`)
  else
    io.talk(
      `The freeze holds it ${freeze.until === null ? 'until somebody lifts it' : 'for longer than --timeout'}: slipway freeze lift ${clean(freeze.id, 60)} -e ${environment}`,
    )
  return exit
}

function tell(io: Io, view: ServiceView, isJson: boolean): void {
  const line = statusLine({ view, receivedAt: 0 })
  io.write(isJson ? JSON.stringify(view) : line.slice(line.indexOf(' ') + 1))
}
