import type { Run } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { connect } from '../http.ts'
import { findTarget, servicePath } from '../target.ts'

/** `slipway manifest get`: the newest manifest as YAML, ready to be changed and put. */
export const run: Run = async ({ io, options, args }) => {
  const api = connect(io, options)
  const { service, view } = await findTarget(api, args[0] ?? '', options.environment)
  const headers = { accept: options.json === true ? 'application/json' : 'application/yaml' }
  const path = servicePath(service, '/manifest')
  const { body, headers: told } = await api.ask({ path, query: { environment: view.environment }, headers })
  if (options.json === true) io.write(JSON.stringify(body))
  else if (typeof body !== 'string')
    throw new Refusal(EXIT.error, `the service gave the manifest of ${service} not as YAML; ask with --json`)
  else {
    io.write(body.trimEnd())
    io.talk(`# version ${(told.get('etag') ?? '?').replaceAll('"', '')} of ${view.environment}/${service}`)
  }
  return EXIT.ok
}
