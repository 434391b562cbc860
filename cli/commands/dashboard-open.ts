import type { Run } from '../call.ts'
import { connectionOf } from '../connection.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { findTarget } from '../target.ts'

/** `slipway open`: prints where the dashboard is, or a service or a rollout on it; nothing is started. */
export const run: Run = async ({ io, options, args }) => {
  const url = `${connectionOf(io, options).api}/ui/${args[0] === undefined ? '' : await place(args[0])}`
  io.write(options.json === true ? JSON.stringify({ url }) : url)
  return EXIT.ok

  async function place(name: string): Promise<string> {
    const { service, view, rollout } = await findTarget(connect(io, options), name, options.environment)
    return `#/${view.environment}/${service}${rollout === null ? '' : `/${rollout.number}`}`
  }
}
