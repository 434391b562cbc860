import { randomUUID } from 'node:crypto'
import type { PushReply, PushRequest } from '../../lib/api.ts'
import { TAG } from '../../lib/schema/grammar.ts'
import { quotable } from '../../lib/schema/issue.ts'
import type { Call, ChangeOptions } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { type Api, connect } from '../http.ts'
import type { Io } from '../io.ts'
import { findTarget, servicePath } from '../target.ts'
import { clean, shortDigest, sign } from '../words.ts'
import { waitFor } from './rollout-status.ts'

interface Options extends ChangeOptions {
  readonly digest?: string
  readonly wait?: boolean
  readonly timeout: number
  /** For the local stack: which kind of image is published. */
  readonly slow?: boolean
  readonly failing?: boolean
}

/** `slipway push`: says what a registry would say, that there is a new image; the service asks the registry in any case. */
export async function run({ io, options, args }: Call<Options>): Promise<number> {
  const [name = '', tag = ''] = args
  const api = connect(io, options)
  checkDigest(options, api)
  checkTag(tag)
  const { service, view } = await findTarget(api, name, options.environment)
  if (options.dryRun === true) {
    const will = `start a rollout of ${service} in ${view.environment} with ${clean(tag, 100)}, if the manifest takes that tag; ${clean(view.what)}.`
    io.write(options.json === true ? JSON.stringify({ dryRun: true, would: will, status: view }) : `Would do: ${will}`)
    return EXIT.ok
  }
  if (options.digest === undefined) await checkWanted(api, service, view.environment, tag)
  const digest = options.digest ?? (await publishLocally(io, api, { service, tag, ...options }))
  const { reason } = options
  const request: PushRequest = { tag, digest, ...(reason === undefined ? {} : { reason }) }
  const path = servicePath(service, '/pushes')
  const query = { environment: view.environment }
  const reply = (await api.ask({ method: 'POST', path, query, body: request, key: randomUUID() })).body as PushReply
  if (options.wait === true && reply.rollout !== null) {
    tell({ ...io, write: io.talk }, service, digest, reply)
    const target = await findTarget(api, reply.rollout, view.environment)
    return waitFor(io, api, target, { timeoutMs: options.timeout, isJson: options.json === true })
  }
  if (options.json === true) io.write(JSON.stringify({ ...reply, digest }))
  else tell(io, service, digest, reply)
  return reply.outcome === 'rejected' || reply.outcome === 'quarantined' ? EXIT.error : EXIT.ok
}

function checkTag(tag: string): void {
  if (!TAG.test(tag))
    throw new Refusal(
      EXIT.usage,
      `${clean(tag, 60)} is no tag; it is 1 to 128 of letters, digits and . _ -, and begins with a letter, a digit or _`,
    )
}

/** As much of a manifest's document as says which tags it takes. */
interface Wanted {
  readonly image?: { readonly tags?: string | { readonly semver: string } }
}

/** Publishes nothing that the manifest would not take; where the manifest cannot be read the service decides alone. */
async function checkWanted(api: Api, service: string, environment: string, tag: string): Promise<void> {
  const asked = { path: servicePath(service, '/manifest'), query: { environment } }
  const { body } = await api.ask(asked).catch(() => ({ body: null }))
  const tags = (body as { manifest?: Wanted } | null)?.manifest?.image?.tags
  if (tags === undefined) return
  const { matchesTag } = await import('../../lib/schema/tag.ts')
  const pattern = typeof tags === 'string' ? tags : tags.semver
  const wanted =
    typeof tags === 'string' ? ({ kind: 'glob', pattern } as const) : ({ kind: 'semver', range: pattern } as const)
  if (!matchesTag(wanted, tag))
    throw new Refusal(
      EXIT.error,
      `${tag} does not match ${clean(pattern, 100)}, which the manifest of ${service} takes; nothing was published`,
    )
}

function checkDigest({ digest, slow, failing }: Options, { connection }: Api): void {
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new Refusal(
      EXIT.usage,
      `--digest is no digest; it is sha256: and 64 of 0-9 and a-f, as docker push and az acr print it`,
    )
  if (digest === undefined && connection.local === null)
    throw new Refusal(
      EXIT.usage,
      'give the image’s digest with --digest sha256:…: a tag alone may be another image tomorrow',
    )
  if ((slow === true || failing === true) && (digest !== undefined || connection.local === null))
    throw new Refusal(
      EXIT.usage,
      '--slow and --failing make an image for the local stack; they go with no digest and no other service',
    )
}

/** Publishes an image in the registry of the local stack, which announces it too, as a registry would. */
async function publishLocally(
  io: Io,
  { connection }: Api,
  {
    service,
    tag,
    slow,
    failing,
  }: Pick<Options, 'slow' | 'failing'> & { readonly service: string; readonly tag: string },
): Promise<string> {
  const body = JSON.stringify({ service, tag, slow: slow === true, failing: failing === true })
  const signal = AbortSignal.any([io.interrupted, AbortSignal.timeout(30_000)])
  const asked = fetch(`${connection.local?.control}/push`, { method: 'POST', body, redirect: 'error', signal })
  const answer = await asked.catch((cause: Error) => {
    throw new Refusal(EXIT.error, 'the local stack takes no images; is npm start still running?', { cause })
  })
  const said = (await answer.json()) as { digest?: string; detail?: string }
  if (!answer.ok || said.digest === undefined)
    throw new Refusal(EXIT.error, quotable(said.detail ?? `the local stack answered ${answer.status}`, 300))
  io.talk(`Published ${service}:${clean(tag, 100)} as ${shortDigest(said.digest)} in the local registry.`)
  return said.digest
}

function tell(
  io: Pick<Io, 'write' | 'talk' | 'isUnicode' | 'isColoured'>,
  service: string,
  digest: string,
  reply: PushReply,
): void {
  const isGood = reply.outcome === 'rollout' || reply.outcome === 'queued' || reply.outcome === 'duplicate'
  io.write(
    `${sign(io, isGood ? 'good' : 'warning')} ${reply.rollout ?? service} ${shortDigest(digest)}: ${reply.outcome === 'rollout' ? '' : `${reply.outcome}: `}${clean(reply.reason)}`,
  )
  if (reply.rollout !== null) io.talk(`Watch it: slipway get ${service} --watch`)
}
