import type { Run } from '../call.ts'
import { connectionOf } from '../connection.ts'
import { EXIT } from '../exit.ts'

/** `slipway open`: prints where the dashboard is; nothing is asked and nothing is started. */
export const run: Run = async ({ io, options, args }) => {
  const { api } = connectionOf(io, options)
  const place = options.environment === undefined ? '' : `${encodeURIComponent(options.environment)}/`
  const url = `${api}/dashboard${args[0] === undefined ? '' : `#/services/${place}${encodeURIComponent(args[0])}`}`
  io.write(options.json === true ? JSON.stringify({ url }) : url)
  return EXIT.ok
}
