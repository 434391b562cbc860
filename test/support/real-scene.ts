import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { healthyProfile } from '../../sim/azure/image-profile.ts'
import { wallClock } from '../../sim/clock.ts'
import { createLoad } from '../../sim/load.ts'
import { createClient } from '../../sim/start/client.ts'
import { type LocalAzure, REGISTRY_HOST, targetOf } from '../../sim/start/local-azure.ts'
import { type Overrides, type Stack, startStack } from '../../sim/start/stack.ts'
import { localToken } from '../../sim/start/token.ts'
import { acrPush, postHook } from '../../sim/start/webhook.ts'
import { SHORT_LEASE, startWorkers, type Workers } from './worker.ts'

/** The real parts with one service, `pricing`, under load, and as many workers as a test wants. */
export interface RealScene {
  readonly stack: Stack
  readonly workers: Workers
  close(): Promise<void>
}

export interface RealSceneOptions {
  /** Of `pricing`. */
  readonly manifest: string
  readonly workers: number
  readonly settings?: (azure: LocalAzure) => Promise<Settings>
  /** Laid over the settings of each worker as it starts. */
  readonly ofWorker?: () => Settings
}

type Settings = Readonly<Record<string, string>>

/** A pause by the machine's clock. */
export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Opens the scene; what storage holds lies on disk. The app is the workers alone: the stack's own is killed. */
export async function openRealScene({ manifest, workers, settings, ofWorker }: RealSceneOptions): Promise<RealScene> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-real-'))
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one()
  }
  try {
    const plain = { SLIPWAY_MANIFESTS: '', ...SHORT_LEASE }
    const overrides: Overrides = async (azure) => ({ ...plain, ...(await settings?.(azure)) })
    const stack = await startStack(folder, overrides, join(folder, 'storage'))
    closing.push(stack.close)
    const headers = { 'content-type': 'application/yaml', authorization: `Bearer ${await localToken(stack.local)}` }
    const path = `${stack.local.api}/v1/services/pricing/manifest`
    const stored = await fetch(path, { method: 'PUT', headers, body: manifest })
    expect({ status: stored.status, said: await stored.text() }).toMatchObject({ status: 201 })
    process.kill(stack.local.pids.functions ?? 0, 'SIGKILL')
    const crew = await startWorkers(stack, folder, workers, ofWorker)
    closing.push(crew.close)
    const url = stack.local.services.pricing ?? ''
    const load = createLoad({ streams: [{ name: 'pricing', url, rps: 60 }], clock: wallClock })
    closing.push(load.close)
    return { stack, workers: crew, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Where the rollout stands; null while nobody answers. */
async function statusOf({ stack, workers }: RealScene) {
  const client = createClient({ api: workers.urls.at(-1) ?? '', auth: stack.local.auth })
  return client.status('pricing').catch(() => null)
}

type Seen = NonNullable<Awaited<ReturnType<typeof statusOf>>>

/** Looks until a status holds. The ceiling is generous: it is no measure of speed. */
export async function untilSeen(scene: RealScene, what: string, holds: (seen: Seen) => boolean): Promise<Seen> {
  for (const end = Date.now() + 150_000; Date.now() < end; await sleep(300)) {
    const seen = await statusOf(scene)
    if (seen !== null && holds(seen)) return seen
  }
  throw new Error(`it did not happen that ${what}: ${JSON.stringify(await statusOf(scene))}`)
}

/** Posts as a registry does that goes on until it is told that its event is stored. */
export async function postUntilTaken({ stack, workers }: RealScene, body: object): Promise<void> {
  for (const end = Date.now() + 100_000; ; await sleep(500)) {
    try {
      return await postHook(workers.urls.at(-1) ?? '', stack.azure.hookKey, body)
    } catch (error) {
      if (Date.now() > end) throw error
    }
  }
}

/** Publishes a healthy version and tells of it; resolves to what was told. */
export async function pushUntilTaken(scene: RealScene, tag: string): Promise<object> {
  const digest = scene.stack.azure.publish('pricing', tag, healthyProfile(tag))
  const body = acrPush(REGISTRY_HOST, 'pricing', tag, digest)
  await postUntilTaken(scene, body)
  return body
}

/** Weights of the canary that were written by Slipway, in order, without repetitions. */
export function weightsWritten({ stack }: RealScene, canary: string): readonly number[] {
  const written = stack.azure.world.log.flatMap(({ actor, traffic }) => {
    if (actor !== 'slipway' || traffic === undefined) return []
    expect(Object.values(traffic).reduce((sum, weight) => sum + weight, 0)).toBe(100)
    return traffic[canary] === undefined ? [] : [traffic[canary]]
  })
  return written.filter((weight, place) => weight > 0 && weight !== written[place - 1])
}

/** Images of all revisions that there ever were, the oldest first. */
export function imagesOf({ stack }: RealScene): readonly string[] {
  return stack.azure.world.ingress(targetOf('pricing')).revisions.map(({ image }) => image)
}

/** What the API says of the chain of `pricing`. */
export async function verified({ stack, workers }: RealScene): Promise<unknown> {
  const authorization = `Bearer ${await localToken(stack.local)}`
  const path = '/v1/audit/verify?environment=production&service=pricing'
  return (await fetch(`${workers.urls[0]}${path}`, { headers: { authorization } })).json()
}
