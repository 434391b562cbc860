import { randomUUID } from 'node:crypto'
import type { Call, ChangeOptions } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { type Api, connect, isAnswer } from '../http.ts'
import { confirm } from '../io.ts'
import { sendableManifest } from '../manifest-texts.ts'
import { askPlan, planLines } from '../plan.ts'
import { servicePath } from '../target.ts'
import { sign } from '../words.ts'

/** `slipway manifest put`: shows what would change, asks, and stores; never over what somebody else stored meanwhile. */
export async function run({ io, options, args }: Call<ChangeOptions>): Promise<number> {
  const { text, manifest } = await sendableManifest(args[0] ?? '')
  const { name, environment } = manifest
  const api = connect(io, options)
  const etag = await etagOf(api, name, environment)
  const plan = await askPlan(api, name, text)
  if (options.json !== true || options.dryRun !== true) for (const line of planLines(io, plan)) io.talk(line)
  if (options.dryRun === true) {
    io.write(options.json === true ? JSON.stringify(plan) : 'Nothing was stored (--dry-run).')
    return EXIT.ok
  }
  await confirm(io, options.yes === true, `store this manifest of ${environment}/${name}`)
  const path = servicePath(name, '/manifest')
  const condition: Record<string, string> = etag === null ? { 'if-none-match': '*' } : { 'if-match': etag }
  const headers = { 'content-type': 'application/yaml', ...condition }
  const { body } = await api
    .ask({ method: 'PUT', path, headers, body: text, key: randomUUID() })
    .catch((error: unknown) => {
      if (!isAnswer(error, 412)) throw error
      throw new Refusal(
        EXIT.error,
        [
          `somebody stored another manifest of ${name} meanwhile; nothing was stored. Look at it: slipway manifest get ${name}`,
          error.message,
        ],
        { cause: error },
      )
    })
  const stored = body as { readonly kind?: string; readonly version?: number }
  if (options.json === true) io.write(JSON.stringify(stored))
  else
    io.write(`${sign(io, 'good')} ${environment}/${name}: ${stored.kind ?? 'stored'}, version ${stored.version ?? '?'}`)
  return EXIT.ok
}

/** The tag of the manifest that is stored; null where the service is new. */
async function etagOf(api: Api, name: string, environment: string): Promise<string | null> {
  try {
    return (await api.ask({ path: servicePath(name, '/manifest'), query: { environment } })).headers.get('etag')
  } catch (error) {
    if (isAnswer(error, 404)) return null
    throw error
  }
}
