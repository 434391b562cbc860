import type { ServiceView } from '../lib/api.ts'
import { duration } from '../lib/core/format.ts'
import type { Io } from './io.ts'
import { coloured, hanging } from './terminal.ts'
import { clean, clock, shortDigest, sign } from './words.ts'

const HEAD = 9

/** The manual gate: what it takes, who gave a yes, who may, and what happens when nobody does. */
export function gateLines(io: Io, { gate }: Pick<ServiceView, 'gate'>, width: number, now: number): readonly string[] {
  if (gate === null) return []
  const { step, digest, required, given, expiresAt } = gate
  const line = (head: string, text: string) => hanging(head.padEnd(HEAD), text, HEAD, width)
  const need = `${given.length} of ${required} ${required === 1 ? 'approval' : 'approvals'}`
  return [
    ...hanging(
      coloured(io, 'bold', 'Gate'.padEnd(HEAD)),
      `after step ${step}, for ${shortDigest(digest)}: ${need}`,
      HEAD,
      width,
    ),
    ...given.flatMap(({ by, at, expiresAt: until }) => {
      const end = until === null ? '' : `, counts until ${clock(Date.parse(until), now)}`
      return line('', `${sign(io, 'good')} ${clean(by, 80)} at ${clock(Date.parse(at), now)}${end}`)
    }),
    ...line('', whoText(gate)),
    ...(expiresAt === null
      ? []
      : line(
          '',
          `rolled back in ${duration(Date.parse(expiresAt) - now)} (at ${clock(Date.parse(expiresAt), now)}) when nobody opens it`,
        )),
  ]
}

/** Who may open a gate, as half a sentence. */
export function whoText({ from, notAuthor, author }: NonNullable<ServiceView['gate']>): string {
  const who = from === null ? 'any Approver' : from.map((name) => clean(name, 80)).join(', ')
  const but = notAuthor ? `, not the author of the push${author === null ? '' : ` (${clean(author, 80)})`}` : ''
  return `may be approved by ${who}${but}`
}
