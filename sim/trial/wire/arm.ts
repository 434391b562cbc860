import { ContainerAppsAPIClient, type ContainerAppsAPIClientOptionalParams } from '@azure/arm-appcontainers'
import { armClientOptions, createArmApps } from '../../../lib/adapters/apps/arm.ts'
import type { ContainerApps } from '../../../lib/ports.ts'
import { refusalReply } from '../../azure/arm.ts'
import { answerArm } from '../../azure/arm-routes.ts'
import type { Reply } from '../../azure/serve.ts'
import type { SimClock } from '../../clock.ts'
import { connectionLost, gaveUp, type WireRequest, wireClient } from '../../wire.ts'
import { ArmRefusal } from '../../world/refusal.ts'
import type { World } from '../../world/types.ts'
import { CREDENTIAL } from './credential.ts'
import { type Line, pass } from './line.ts'

/** How long the ARM plug waits for an answer. */
const TIMEOUT_MS = 30_000
const ORIGIN = 'https://management.azure.com'

/** The real plug to Container Apps, and beneath its SDK the simulator's own answers. Its waits move the clock on. */
export function createWireApps(world: World, clock: SimClock, line: Line): ContainerApps {
  const answer = (request: WireRequest): Reply => {
    const { method, url, body } = request
    const contentType = (request.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
    return answerArm(world, { method, url, contentType, body }, { origin: ORIGIN, pageSize: 50 })
  }
  const httpClient = wireClient(async (request) => {
    const call = `${request.method} ${request.url.pathname}`
    try {
      return await line.send(call, null, () => answer(request))
    } catch (error) {
      if (!(error instanceof ArmRefusal)) throw error
      const reply = refusalReply(error)
      if (reply !== null) return reply
      if (error.code !== 'ETIMEDOUT') throw connectionLost('ECONNRESET')
      await pass(clock, TIMEOUT_MS)
      throw gaveUp()
    }
  })
  const options = armClientOptions({ endpoint: ORIGIN, httpClient } as ContainerAppsAPIClientOptionalParams)
  return createArmApps({
    clock,
    client: (subscriptionId) => new ContainerAppsAPIClient(CREDENTIAL, subscriptionId, options),
    pause: (ms) => pass(clock, ms),
    wake: (url) => line.send(`GET ${url}`, null, () => woken(world, url)),
  })
}

/** Ingress: a request to a revision's own address reaches that revision. */
function woken(world: World, url: string): { readonly status: number } {
  for (const app of world.apps()) {
    const revision = world.ingress(app).revisions.find(({ fqdn }) => url === `https://${fqdn}/`)
    if (revision === undefined) continue
    try {
      world.wake(app, revision.name)
      return { status: 200 }
    } catch (error) {
      if (error instanceof ArmRefusal && error.status !== 0) return { status: error.status }
      throw error
    }
  }
  throw new TypeError(`nobody is at ${url}`)
}
