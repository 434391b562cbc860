import { randomBytes, randomUUID } from 'node:crypto'
import { request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { bundle } from '../scripts/build.ts'
import { startFunctionApp } from '../sim/start/function-app.ts'
import { type LocalAzure, REGISTRY_HOST } from '../sim/start/local-azure.ts'
import { SERVICES, type Stack, startStack } from '../sim/start/stack.ts'
import { acrPush } from '../sim/start/webhook.ts'
import { type Aim, type Volley, volley } from './client.ts'
import { atLeast, median, type Part, quantile, round, told } from './report.ts'

const LANES = 16
const ROUNDS = 3
const ROUND_MS = 4_000
const WARM_UP_MS = 3_000
const LEAST_SHARE = 0.5

interface Rounds {
  readonly hook: readonly Volley[]
  readonly bare: readonly Volley[]
}

/** How many webhooks are accepted in a second, against a handler that does one insert. `folder` takes bundles and logs. */
export async function benchIntake(folder: string): Promise<Part> {
  const stack = await startStack(join(folder, 'stack'))
  try {
    const bare = await startBare(stack, folder)
    try {
      return report(
        await inTurn(stack.azure, hookAim(stack), { url: `${bare.url}/api/bare`, headers: {}, body: acrBody }),
      )
    } finally {
      await bare.close()
    }
  } finally {
    await stack.close()
  }
}

async function startBare({ azure, local }: Stack, folder: string) {
  const entry = await bundle(['./bench/apps/bare.ts'], join(folder, 'bare'))
  const { settings } = azure
  const logFile = join(folder, 'bare.log')
  return startFunctionApp({ entry, settings, key: randomUUID(), caFile: local.certificates.ca, logFile })
}

function hookAim({ azure, local }: Stack): Aim {
  return { url: `${local.api}/hooks/acr`, headers: { 'x-slipway-key': azure.hookKey }, body: acrBody }
}

let pushes = 0

/** A push that no other was like, of a tag that no manifest takes: it is accepted, stored and looked at, and nothing rolls. */
function acrBody(): string {
  pushes += 1
  const service = SERVICES[pushes % SERVICES.length] ?? ''
  const digest = `sha256:${randomBytes(32).toString('hex')}`
  return JSON.stringify(acrPush(REGISTRY_HOST, service, `nightly-${pushes}`, digest))
}

/** Both in turn, so that a moment in which the machine is busy hits both; each round begins with an empty queue. */
async function inTurn(azure: LocalAzure, hook: Aim, bare: Aim): Promise<Rounds> {
  const rounds = { hook: [] as Volley[], bare: [] as Volley[] }
  for (const aim of [hook, bare]) await volley(aim, LANES, WARM_UP_MS)
  for (let n = 0; n < ROUNDS; n++) {
    await emptyQueue(azure)
    rounds.bare.push(await volley(bare, LANES, ROUND_MS))
    rounds.hook.push(await volley(hook, LANES, ROUND_MS))
  }
  return rounds
}

async function emptyQueue(azure: LocalAzure): Promise<void> {
  const deadline = Date.now() + 120_000
  while ((await waitingIn(azure, 'slipway-intake')) > 0) {
    if (Date.now() > deadline) throw new Error('the intake queue does not run empty')
    await wait(250)
  }
}

/** How many messages a queue holds, those in work among them. */
function waitingIn({ azurite, identity, tls }: LocalAzure, queue: string): Promise<number> {
  const headers = {
    authorization: `Bearer ${identity.issue('https://storage.azure.com')}`,
    'x-ms-version': '2023-11-03',
  }
  return new Promise((resolve, reject) => {
    const asked = request(`${azurite.queueUrl}/${queue}?comp=metadata`, { ca: tls.ca, headers }, (response) => {
      response.resume()
      const count = response.headers['x-ms-approximate-messages-count']
      if (response.statusCode === 200) resolve(Number(count))
      else reject(new Error(`the queue ${queue} answered ${response.statusCode}`))
    })
    asked.once('error', reject)
    asked.end()
  })
}

function report({ hook, bare }: Rounds): Part {
  const rate = (volleys: readonly Volley[]) => median(volleys.map(({ perSecond }) => perSecond))
  const p95 = (volleys: readonly Volley[]) => median(volleys.map(({ latencies }) => quantile(latencies, 0.95)))
  return {
    title: `Accepted webhooks (${LANES} at a time, medians of ${ROUNDS} rounds in turn)`,
    figures: [
      told('bare handler, one table insert', `${round(rate(bare))} per second`),
      told('POST /api/hooks/acr', `${round(rate(hook))} per second`),
      atLeast('hook against bare', rate(hook) / rate(bare), LEAST_SHARE, '×'),
      told('bare handler, p95', `${round(p95(bare))} ms`),
      told('POST /api/hooks/acr, p95', `${round(p95(hook))} ms`),
    ],
    notes: [
      'Both answer 202 from the same host program, into the same Azurite over https with identity tokens. While the hook is',
      'under load, the queue trigger is already acting on what was accepted; it also shares its two cores with the client.',
    ],
  }
}
