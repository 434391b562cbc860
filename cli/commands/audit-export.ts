import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { csv } from '../../lib/core/export.ts'
import { type AuditFilter, auditQuery, auditRows, storedRow } from '../audit-rows.ts'
import type { Call } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { connect } from '../http.ts'
import type { Io } from '../io.ts'

interface Options extends AuditFilter {
  readonly format: 'csv' | 'jsonl'
  readonly output?: string
}

/** `slipway audit export`: every row that fits, newest first, as CSV or one JSON object a line; nothing is held back in memory. */
export async function run({ io, options }: Call<Options>): Promise<number> {
  const api = connect(io, options)
  const query = await auditQuery(api, options.environment, options)
  const format = options.json === true ? 'jsonl' : options.format
  const sink = sinkOf(io, options.output)
  let count = 0
  if (format === 'csv') await sink.write(csv([]))
  for await (const row of auditRows(api, query)) {
    const text = format === 'csv' ? csv([storedRow(row)]).slice(HEAD.length) : `${JSON.stringify(row)}\n`
    await sink.write(text)
    count += 1
  }
  await sink.close()
  io.talk(`${count} ${count === 1 ? 'row' : 'rows'}${options.output === undefined ? '' : ` in ${options.output}`}`)
  return EXIT.ok
}

const HEAD = csv([])

interface Sink {
  write(text: string): Promise<void>
  close(): Promise<void>
}

/** A file that is made, never written over, or standard output. Waits where the reader is slower. */
function sinkOf(io: Io, output: string | undefined): Sink {
  if (output === undefined || output === '-') return { write: async (text) => io.draw(text), close: async () => {} }
  const stream = createWriteStream(output, { flags: 'wx', mode: 0o600 })
  const failed = once(stream, 'error').then(([cause]: NodeJS.ErrnoException[]) => {
    const why = cause?.code === 'EEXIST' ? 'exists already; name another file' : `cannot be written (${cause?.code})`
    throw new Refusal(EXIT.error, `${output} ${why}`, { cause })
  })
  failed.catch(() => {})
  return {
    write: async (text) => {
      if (!stream.write(text)) await Promise.race([once(stream, 'drain'), failed])
    },
    close: async () => {
      stream.end()
      await Promise.race([once(stream, 'close'), failed])
    },
  }
}
