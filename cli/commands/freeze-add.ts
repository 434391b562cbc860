import { randomUUID } from 'node:crypto'
import type { FreezeRequest, FreezeView } from '../../lib/api.ts'
import type { Call, ChangeOptions } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { connect } from '../http.ts'
import { confirm } from '../io.ts'
import { freezeWhen } from '../print-freeze.ts'
import { environmentOf } from '../target.ts'
import { clean, sign } from '../words.ts'

interface Options extends ChangeOptions {
  readonly service?: readonly string[]
  readonly from?: string
  readonly until?: string
  readonly cron?: string
  readonly timeZone?: string
  readonly duration?: string
  readonly id?: string
}

/** `slipway freeze add` (with times) and `slipway freeze stop` (until it is lifted). */
export async function run(kind: 'add' | 'stop', { io, options }: Call<Options>): Promise<number> {
  const { from, until, cron, timeZone, duration, service, reason } = options
  const isSilent = reason === undefined || reason.trim() === ''
  const wrong = [...(isSilent ? [SAY_WHY] : []), ...(kind === 'add' ? wrongTimes(options) : [])]
  if (isSilent || wrong.length > 0) throw new Refusal(EXIT.usage, wrong)
  const api = connect(io, options)
  const environment = await environmentOf(api, options.environment, service?.[0])
  const request: FreezeRequest = {
    environment,
    reason,
    ...(service === undefined ? {} : { services: service }),
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(cron === undefined ? {} : { cron }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(duration === undefined ? {} : { duration }),
  }
  const will = sentence(kind, request)
  if (options.dryRun === true) {
    io.write(options.json === true ? JSON.stringify({ dryRun: true, would: will, request }) : `Would do: ${will}`)
    return EXIT.ok
  }
  if (kind === 'stop') await confirm(io, options.yes === true, will)
  const { body } = await api.ask({
    method: 'POST',
    path: '/v1/freezes',
    body: request,
    key: options.id ?? randomUUID(),
  })
  const freeze = body as FreezeView
  if (options.json === true) io.write(JSON.stringify(freeze))
  else {
    io.write(
      `${sign(io, 'good')} ${clean(freeze.id, 80)} in ${freeze.environment}: ${freezeWhen(freeze)}${freeze.active ? ' (it holds now)' : ''}`,
    )
    io.talk(`Lift it: slipway freeze lift ${clean(freeze.id, 80)} -e ${freeze.environment}`)
  }
  return EXIT.ok
}

const SAY_WHY = 'say why with --reason: everybody whose rollout is held will read it'

function wrongTimes({ from, until, cron, timeZone, duration }: Options): readonly string[] {
  const isOnce = from !== undefined && until !== undefined
  const isRecurring = cron !== undefined && duration !== undefined
  const isMixed =
    cron === undefined ? timeZone !== undefined || duration !== undefined : from !== undefined || until !== undefined
  if (isOnce !== isRecurring && !isMixed) return []
  return [
    'say when: --from and --until for once, or --cron and --duration (and --time-zone) for again and again',
    'to stop the line until it is lifted: slipway freeze stop',
  ]
}

function sentence(
  kind: 'add' | 'stop',
  { environment, services, reason, from, until, cron, duration, timeZone }: FreezeRequest,
): string {
  const whom = services === undefined ? `all services of ${environment}` : `${services.join(', ')} in ${environment}`
  const when =
    kind === 'stop'
      ? 'now, until it is lifted'
      : cron === undefined
        ? `from ${from} until ${until}`
        : `at ${cron} (${timeZone ?? 'UTC'}) for ${duration}`
  return `freeze ${whom} ${when}: nothing new takes traffic; aborts, rollbacks and undos go on. Reason: ${clean(reason, 300)}`
}
