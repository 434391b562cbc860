import type { GateView } from '../../lib/api.ts'
import type { Run } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import type { Io } from '../io.ts'
import { whoText } from '../print-gate.ts'
import { coloured, hanging } from '../terminal.ts'
import { clean, shortDigest, sign, utc } from '../words.ts'

/** `slipway approvals`: every gate that waits, who gave a yes, who may, and the command that does. */
export const run: Run = async ({ io, options }) => {
  const api = connect(io, options)
  const items: GateView[] = []
  for await (const one of api.items<GateView>('/v1/approvals', { environment: options.environment })) items.push(one)
  if (options.json === true) io.write(JSON.stringify({ items, nextLink: null }))
  else if (items.length === 0) io.talk('No rollout waits for an approval.')
  else io.write(items.map((item) => gateText(io, item)).join('\n\n'))
  return EXIT.ok
}

function gateText(io: Io, { environment, service, rollout, tag, digest, gate, mine }: GateView): string {
  const width = Math.min(110, io.size().columns)
  const line = (text: string) => hanging('  ', text, 2, width)
  const command = `slipway approve ${service} -e ${environment}`
  return [
    `${coloured(io, 'bold', `${environment}/${service}`)} ${rollout} ${clean(tag, 60)} (${shortDigest(digest)}) after step ${gate.step}`,
    ...line(`${gate.given.length} of ${gate.required} approvals; ${whoText(gate)}`),
    ...gate.given.flatMap(({ by, at }) => line(`${sign(io, 'good')} ${clean(by, 80)} at ${utc(at)}`)),
    ...(gate.expiresAt === null ? [] : line(`rolled back at ${utc(gate.expiresAt)} when nobody opens it`)),
    ...line(mine.may ? coloured(io, 'cyan', command) : `not you: ${clean(mine.because, 300)}`),
  ].join('\n')
}
