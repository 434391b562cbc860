import type { Rollout } from '../../lib/core/rollout.ts'
import type { Call } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { tableText } from '../print-table.ts'
import { findTarget, servicePath } from '../target.ts'
import { ago, clean, phaseColoured, phaseSign, shortDigest } from '../words.ts'

/** `slipway rollouts`: past and present rollouts of a service, newest first. */
export async function run({ io, options, args }: Call<{ readonly limit: number }>): Promise<number> {
  const api = connect(io, options)
  const { service, view } = await findTarget(api, args[0] ?? '', options.environment)
  const items: Rollout[] = []
  const query = { environment: view.environment, limit: Math.min(100, options.limit) }
  for await (const item of api.items<Rollout>(servicePath(service, '/rollouts'), query, options.limit)) items.push(item)
  if (options.json === true) io.write(JSON.stringify({ items, nextLink: null }))
  else if (items.length === 0)
    io.talk(`${service} had no rollout yet. Push an image: slipway push ${service} TAG --digest sha256:…`)
  else {
    const rows = items.map((item) => {
      const { phase, push } = item
      const stand = { phase: phase.kind, outcome: phase.kind === 'finished' ? phase.outcome : null }
      const because = 'because' in phase ? clean(phase.because, 300) : ''
      const word = `${phaseSign(io, stand)} ${phaseColoured(io, stand, stand.outcome ?? stand.phase)}`
      return [item.id, word, clean(push.tag, 60), shortDigest(push.digest), ago(item.startedAt), because]
    })
    io.write(tableText(io, COLUMNS, rows))
  }
  return EXIT.ok
}

const COLUMNS = [
  { head: 'ROLLOUT' },
  { head: 'STATUS' },
  { head: 'TAG', isFlexible: true },
  { head: 'DIGEST' },
  { head: 'STARTED' },
  { head: 'BECAUSE', isFlexible: true },
]
