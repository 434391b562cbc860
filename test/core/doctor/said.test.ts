import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { appId, nameInUrl, vaultScope } from '../../../lib/core/doctor/commands.ts'
import { MINUTE, T0 } from '../../support/builders.ts'
import { asked, lineOf, SCENES } from './said.ts'

const PARTS = readFileSync(join(import.meta.dirname, 'said.txt'), 'utf8').split(/^## /m)

test.each(Object.entries(SCENES))('what is said of %s, word by word', (title, found) => {
  const expected = PARTS.find((part) => part.startsWith(`${title}\n`))
  expect(found().map(lineOf).join('\n').split('\n')).toEqual(expected?.trim().split('\n').slice(1))
})

test('every paragraph is of one of these', () => {
  expect(PARTS.slice(1).map((part) => part.split('\n')[0])).toEqual(Object.keys(SCENES))
})

test('a vault is found by its name, which stands at the beginning of its URL', () => {
  const names = { principal: null, account: null, hookKeys: 'keys', site: null }
  expect(vaultScope({ ...names, vault: 'shop' })).toBe('"$(az keyvault show -n shop --query id -o tsv)"')
  expect(vaultScope({ ...names, vault: null })).toBe('"$(az keyvault show -n <key vault> --query id -o tsv)"')
  expect(nameInUrl('https://shop-1.vault.azure.net')).toBe('shop-1')
  for (const url of ['see https://shop.vault.azure.net', 'https://shop.vault.azure.net/keys', 'https://shop.web.net'])
    expect(nameInUrl(url)).toBeNull()
})

test('sources of an environment are asked about an app that nobody has', () => {
  const target = {
    subscriptionId: '00000000-0000-0000-0000-000000000000',
    resourceGroup: 'slipway-doctor',
    app: 'slipway-doctor',
    container: null,
  }
  expect(appId(target)).toBe(
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/slipway-doctor/providers/Microsoft.App/containerApps/slipway-doctor',
  )
  const names = {
    requests: 'http_requests_total',
    duration: 'http_request_duration_seconds',
    revisionLabel: 'revision',
    statusLabel: 'code',
  }
  const kpi = {
    name: 'doctor',
    role: 'advisory',
    lagMs: 0,
    minRequests: null,
    kind: 'error-rate',
    limitRatio: 0.01,
    alsoBad: [],
  }
  const query = {
    environment: 'production',
    target,
    region: null,
    arm: 'baseline',
    revision: 'slipway-doctor--none',
    host: null,
    bucketMs: MINUTE,
    from: T0 - 5 * MINUTE,
    to: T0,
  }
  expect(asked()).toEqual([
    { ...query, id: 'production/doctor/azure-logs', kpi: { ...kpi, source: { kind: 'azure-logs' } } },
    {
      ...query,
      id: 'production/doctor/prometheus',
      kpi: { ...kpi, source: { kind: 'prometheus', names, counters: null, gauge: null } },
    },
  ])
})
