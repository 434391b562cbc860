import { randomUUID } from 'node:crypto'
import type { FreezeView } from '../../lib/api.ts'
import { didYouMean } from '../../lib/schema/did-you-mean.ts'
import type { Call, ChangeOptions } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { type Api, connect } from '../http.ts'
import { clean, sign } from '../words.ts'

/** `slipway freeze lift`: ends a freeze; what it held goes on. */
export async function run({ io, options, args }: Call<ChangeOptions>): Promise<number> {
  const api = connect(io, options)
  const freeze = await found(api, args[0] ?? '', options.environment)
  const will = `lift the freeze ${clean(freeze.id, 80)} in ${freeze.environment} (${clean(freeze.reason, 200)}): what it holds goes on.`
  if (options.dryRun === true) {
    io.write(options.json === true ? JSON.stringify({ dryRun: true, would: will, freeze }) : `Would do: ${will}`)
    return EXIT.ok
  }
  const path = `/v1/freezes/${encodeURIComponent(freeze.environment)}/${encodeURIComponent(freeze.id)}`
  const { reason } = options
  await api.ask({ method: 'DELETE', path, key: randomUUID(), ...(reason === undefined ? {} : { query: { reason } }) })
  io.write(
    options.json === true
      ? JSON.stringify(freeze)
      : `${sign(io, 'good')} lifted ${clean(freeze.id, 80)} in ${freeze.environment}`,
  )
  return EXIT.ok
}

async function found(api: Api, id: string, environment: string | undefined): Promise<FreezeView> {
  const all: FreezeView[] = []
  for await (const one of api.items<FreezeView>('/v1/freezes', { environment })) all.push(one)
  const [one, another] = all.filter((freeze) => freeze.id === id)
  if (one !== undefined && another === undefined) return one
  if (one !== undefined)
    throw new Refusal(EXIT.usage, `several environments have a freeze ${clean(id, 80)}; add -e ENVIRONMENT`)
  const near = didYouMean(
    id,
    all.map((freeze) => freeze.id),
  )
  throw new Refusal(EXIT.error, `there is no freeze ${clean(id, 80)}.${near} slipway freeze list tells them all.`)
}
