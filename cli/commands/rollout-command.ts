import { randomUUID } from 'node:crypto'
import type { CommandReply, CommandRequest, ServiceView } from '../../lib/api.ts'
import type { Verb } from '../../lib/core/facts.ts'
import type { Call, ChangeOptions } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { type Api, connect, isAnswer } from '../http.ts'
import { confirm, type Io } from '../io.ts'
import { findTarget, servicePath, type Target } from '../target.ts'
import { clean, sign } from '../words.ts'
import { foretold } from '../would.ts'

interface Options extends ChangeOptions {
  readonly full?: boolean
  readonly override?: boolean
  readonly toRevision?: string
}

/** A command of an operator: `slipway promote`, `abort` and so on. `verb` is the command's name. */
export async function run(verb: Verb, { io, options, args }: Call<Options>): Promise<number> {
  const meant: Verb = verb === 'promote' && options.full === true ? 'promote-full' : verb
  const isOverride = options.override === true
  if (isOverride && (options.reason ?? '').trim() === '')
    throw new Refusal(EXIT.usage, '--override breaks the glass, and that needs a reason: add --reason "why"')
  const api = connect(io, options)
  const target = await findTarget(api, args[0] ?? '', options.environment)
  const request = requestOf(meant, target, options)
  const told = foretold(meant, target.view, request)
  if (options.dryRun === true) return dryRun(io, told, target.view, options.json === true)
  if (meant === 'promote-full' || meant === 'undo' || isOverride) await confirm(io, options.yes === true, told.will)
  const reply = await send(api, meant, target, request)
  tell(io, reply, target, { ...options, isWatched: meant !== 'abort' && meant !== 'pause' })
  return EXIT.ok
}

function requestOf(verb: Verb, { rollout, view }: Target, { reason, toRevision, override }: Options): CommandRequest {
  const gate = verb === 'approve' ? view.gate : null
  if (verb === 'approve' && gate === null)
    throw new Refusal(
      EXIT.error,
      `${view.service} waits at no gate, so there is nothing to approve: ${clean(view.what)}`,
    )
  const id = rollout?.id ?? view.rollout
  return {
    ...(id === null ? {} : { rollout: id }),
    ...(reason === undefined ? {} : { reason }),
    ...(gate === null ? {} : { step: gate.step, digest: gate.digest }),
    ...(toRevision === undefined ? {} : { to: toRevision }),
    ...(override === true ? { override } : {}),
  }
}

function dryRun(
  io: Io,
  { will, refusedBecause }: ReturnType<typeof foretold>,
  view: ServiceView,
  isJson: boolean,
): number {
  if (isJson) io.write(JSON.stringify({ dryRun: true, would: will, refused: refusedBecause, status: view }))
  else io.write(refusedBecause === null ? `Would do: ${will}` : `Would be refused: ${refusedBecause}`)
  if (!isJson) io.talk('Nothing was done (--dry-run).')
  return refusedBecause === null ? EXIT.ok : EXIT.error
}

/** What was seen must still be so, except where it is stopped: nothing may stand in the way of that. */
async function send(api: Api, verb: Verb, { service, view }: Target, request: CommandRequest): Promise<CommandReply> {
  const isStop = verb === 'abort' || verb === 'pause'
  const headers: Record<string, string> = isStop || !view.etag ? {} : { 'if-match': view.etag }
  try {
    const answer = await api.ask({
      method: 'POST',
      path: servicePath(service, `/commands/${verb}`),
      query: { environment: view.environment },
      body: request,
      key: randomUUID(),
      headers,
    })
    return answer.body as CommandReply
  } catch (error) {
    if (!isAnswer(error, 412)) throw error
    const cure = `${service} went on while you looked; nothing was done. Look again: slipway get ${service}`
    throw new Refusal(EXIT.error, [cure, error.message], { cause: error })
  }
}

function tell(
  io: Io,
  reply: CommandReply,
  { service }: Target,
  { json, environment, isWatched }: Call<{ readonly isWatched: boolean }>['options'],
): void {
  if (json === true) {
    io.write(JSON.stringify(reply))
    return
  }
  io.write(`${sign(io, 'good')} ${reply.rollout ?? service}: ${clean(reply.because)}`)
  if (reply.repeated) io.talk('(It had been said before; nothing was done twice.)')
  if (reply.outstanding !== null)
    io.talk(`Stored; what it does at Azure is still to come and is tried again: ${clean(reply.outstanding)}`)
  const place = environment === undefined ? '' : ` -e ${environment}`
  if (isWatched) io.talk(`Watch it: slipway get ${service}${place} --watch`)
}
