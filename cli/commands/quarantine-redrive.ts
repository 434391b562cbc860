import { randomUUID } from 'node:crypto'
import type { QuarantineRedriven, QuarantineView } from '../../lib/api.ts'
import type { Call, ChangeOptions } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { clean, sign } from '../words.ts'

/** `slipway quarantine redrive`: another try. Exit code 1 where it still cannot be read. */
export async function run({ io, options, args }: Call<ChangeOptions>): Promise<number> {
  const id = args[0] ?? ''
  if (options.dryRun === true) {
    const will = `try ${clean(id, 80)} again: read a row where it lies, put a message back into its queue, look at a service with the next sweep.`
    io.write(options.json === true ? JSON.stringify({ dryRun: true, would: will }) : `Would do: ${will}`)
    return EXIT.ok
  }
  const path = `/v1/quarantine/${encodeURIComponent(id)}/redrive`
  const answer = await connect(io, options).ask({ method: 'POST', path, key: randomUUID() })
  const body = answer.body as QuarantineRedriven
  const { outcome, item } = body
  const said = {
    released: `${sign(io, 'good')} ${clean(item.place, 300)} can be read again, or is gone`,
    queued: `${sign(io, 'good')} ${queuedText(item)}`,
    unreadable: `${sign(io, 'bad')} ${clean(item.place, 300)} still cannot be read: ${clean(item.why, 500)}`,
  }[outcome]
  io.write(options.json === true ? JSON.stringify(body) : said)
  return outcome === 'unreadable' ? EXIT.error : EXIT.ok
}

function queuedText({ kind, place }: QuarantineView): string {
  const where = clean(place, 100)
  return kind === 'service' ? `the next sweep looks at ${where}` : `the message is in ${where} again`
}
