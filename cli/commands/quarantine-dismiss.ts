import { randomUUID } from 'node:crypto'
import type { Call, ChangeOptions } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { connect } from '../http.ts'
import { clean, sign } from '../words.ts'

/** `slipway quarantine dismiss`: nobody waits for an item any more. */
export async function run({ io, options, args }: Call<ChangeOptions>): Promise<number> {
  const id = args[0] ?? ''
  const { reason } = options
  if (reason === undefined) throw new Refusal(EXIT.usage, 'say why: --reason "…"; it stands in the audit')
  if (options.dryRun === true) {
    const will = `dismiss ${clean(id, 80)}: nobody waits for it any more, and it is tried again only by hand.`
    io.write(options.json === true ? JSON.stringify({ dryRun: true, would: will }) : `Would do: ${will}`)
    return EXIT.ok
  }
  const path = `/v1/quarantine/${encodeURIComponent(id)}`
  await connect(io, options).ask({ method: 'DELETE', path, key: randomUUID(), query: { reason } })
  io.write(
    options.json === true
      ? JSON.stringify({ id, state: 'dismissed' })
      : `${sign(io, 'good')} dismissed ${clean(id, 80)}`,
  )
  return EXIT.ok
}
