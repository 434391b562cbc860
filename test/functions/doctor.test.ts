import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DoctorReport, Finding } from '../../lib/api.ts'
import { targetOf } from '../../sim/start/local-azure.ts'
import { manifest } from './manifests.ts'
import { expectProblem, itemsOf, openScene, type Scene, until } from './scene.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene([manifest({ name: 'pricing' }), manifest({ name: 'safety' })])
  await until('both services are stored', async () => {
    return itemsOf(await scene.api('/v1/services')).length === 2
  })
})

afterAll(() => scene?.close())

async function findings(): Promise<readonly Finding[]> {
  const answer = await scene.api('/v1/doctor')
  expect(answer.status).toBe(200)
  return (answer.json as unknown as DoctorReport).findings
}

const ill = (all: readonly Finding[]) => all.filter(({ result }) => result !== 'ok')

test('the doctor finds nothing wrong with the local stack, and checked all of it', async () => {
  const all = await findings()
  expect(ill(all)).toEqual([])
  const checks = new Set(all.map(({ check }) => check))
  const wanted = ['settings', 'identity', 'storage-table', 'storage-queue', 'poison-queue', 'clock', 'hook-keys']
  const more = ['heartbeat', 'audit-chain', 'source-azure-logs', 'registry', 'app-rights', 'access-log', 'min-replicas']
  expect([...wanted, ...more].filter((check) => !checks.has(check))).toEqual([])
})

test('the doctor says what ails a service, and how it is mended', async () => {
  const { world, insights } = scene.stack.azure
  world.edit(targetOf('pricing'), (hand) => hand.mode('Single'))
  world.edit(targetOf('pricing'), (hand) => hand.sticky(true))
  insights.permit(targetOf('safety'), [{ actions: ['*/read'], notActions: [] }])
  insights.deny('/diagnosticSettings')
  const found = ill(await findings())
  const at = '-g rides --subscription 00000000-0000-0000-0000-000000000001'
  expect(found.map(({ subject, check, result }) => `${subject} ${check} ${result}`)).toEqual([
    'production/pricing app-mode error',
    'production/pricing sticky-sessions error',
    'production/pricing access-log error',
    'production/safety app-rights error',
    'production/safety access-log error',
  ])
  expect(found[0]?.fix).toBe(`az containerapp revision set-mode -n pricing ${at} --mode multiple`)
  expect(found[1]?.fix).toBe(`az containerapp ingress sticky-sessions set -n pricing ${at} --affinity none`)
  expect(found[3]?.fix).toMatch(
    /^az role assignment create --assignee-object-id [0-9a-f-]{36} .* --role "Container Apps Contributor" --scope \/subscriptions\/.*\/containerApps\/safety$/,
  )
})

test('without a token nobody is examined, and no secret leaves the house', async () => {
  expectProblem(await scene.ask('/v1/doctor'), 401, 'unauthenticated')
  await scene.expectNoSecrets()
})
