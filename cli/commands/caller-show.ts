import type { Me } from '../../lib/api.ts'
import type { Run } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { coloured } from '../terminal.ts'
import { clean } from '../words.ts'

/** `slipway whoami`: who the service takes you for, and which roles you have where. */
export const run: Run = async ({ io, options }) => {
  const me = await connect(io, options).get<Me>('/v1/me')
  if (options.json === true) io.write(JSON.stringify(me))
  else {
    io.write(`${coloured(io, 'bold', clean(me.name, 100))} (${me.kind}, ${clean(me.id, 100)})`)
    for (const { role, environments, services } of me.grants)
      io.write(
        `  ${role} of ${services?.map((name) => clean(name, 60)).join(', ') ?? 'all services'} in ${environments?.join(', ') ?? 'all environments'}`,
      )
    if (me.grants.length === 0) io.talk('No roles: an Admin of Slipway can give you some.')
  }
  return EXIT.ok
}
