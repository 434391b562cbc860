import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { canonical } from '../../lib/core/chain.ts'
import type { Manifest } from '../../lib/core/service.ts'
import { readManifest } from '../../lib/schema/manifest.ts'
import { documentOf, writeManifest } from '../../lib/schema/manifest-document.ts'
import { SCHEMA_FILE } from '../../scripts/manifest-schema.ts'
import { FULL, LEAST } from './texts.ts'
import { written } from './written.ts'

const EXAMPLES = new URL('../../examples/manifests/', import.meta.url)
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')))

/** The manifest of a text that the desk takes. */
function taken(text: string): Manifest {
  const read = readManifest(text)
  if (!read.ok) throw new Error(`${JSON.stringify(read.issues)}\n${text}`)
  return read.manifest
}

/** What the desk makes of the written form, as YAML and as JSON, must be the manifest that was written. */
function expectSame(manifest: Manifest): void {
  const yaml = writeManifest(manifest)
  expect(canonical(taken(yaml))).toBe(canonical(manifest))
  expect(canonical(taken(JSON.stringify(documentOf(manifest))))).toBe(canonical(manifest))
  expect(validate(parse(yaml)), JSON.stringify(validate.errors)).toBe(true)
}

/** A KPI as the document has it. */
function kpi(text: string): Record<string, unknown> | undefined {
  return documentOf(taken(`${LEAST}analysis: { kpis: [{ name: it, ${text} }] }`)).analysis?.kpis?.[0]
}

function steps(text: string) {
  return documentOf(taken(`${LEAST}strategy: { canary: { steps: ${text} } }`)).strategy?.canary.steps
}

describe('a manifest that is written again', () => {
  it('is always read as the manifest that it was, whatever a team may write', () => {
    fc.assert(
      fc.property(written, (content) => expectSame(taken(JSON.stringify(content)))),
      { numRuns: 200 },
    )
  })

  it.each(readdirSync(EXAMPLES))('is the same for the example %s', (file) => {
    expectSame(taken(readFileSync(new URL(file, EXAMPLES), 'utf8')))
  })

  it('is the same for a manifest that says nearly everything', () => {
    expectSame(taken(FULL))
  })

  it('keeps a plan of a hundred items, to which a last stage was added', () => {
    const items = Array.from({ length: 50 }, () => ({ bake: '1h', pause: {} }))
    const rising = Array.from({ length: 49 }, (_, index) => ({ setWeight: index + 51 }))
    const plan = { strategy: { canary: { steps: [{ setWeight: 50, pause: {} }, ...items, ...rising] } } }
    const manifest = taken(JSON.stringify({ ...parse(LEAST), ...plan }))
    expect(manifest.stages).toHaveLength(101)
    expectSame(manifest)
  })
})

describe('the written form', () => {
  it('reads as a team would write it, in the order of the document, with every default', () => {
    expect(writeManifest(taken(LEAST))).toBe(`name: routing
environment: production
target:
  subscription: 00000000-0000-0000-0000-000000000001
  resourceGroup: rides
  containerApp: routing
image:
  registry: registry.example.com
  repository: routing
  tags: v*
strategy:
  canary:
    steps:
      - setWeight: 10
        bake: 48h
      - setWeight: 50
        bake: 24h
      - setWeight: 100
analysis:
  interval: 1m
  bucket: 1m
  warmUp: 5m
  onInconclusive:
    then: wait
  onRelative: hold
  onBlind:
    after: 30m
    then: wait
  requireEvidence: false
  kpis:
    - name: p95
      role: required
      latency:
        percentile: 95
        limit: 200ms
      source: azure-logs
      lag: 3m
    - name: errors
      role: required
      errorRate:
        limit: 0.1%
      source: azure-logs
      lag: 3m
onNewRevision: supersede
deadlines:
  ready: 10m
  traffic: 10m
drain: 1m
scaleDownDelay: 10m
watch: 15m
`)
  })

  it.each([
    ['[{ setWeight: 10, bake: 49h }]', [{ setWeight: 10, bake: '2d1h' }, { setWeight: 100 }]],
    ['[{ setWeight: 10, bake: 7d, pause: {} }]', [{ setWeight: 10, bake: '7d', pause: {} }, { setWeight: 100 }]],
    ['[{ setWeight: 10 }, { bake: 1h }, { bake: 90s }]', [{ setWeight: 10, bake: '1h1m30s' }, { setWeight: 100 }]],
    [
      '[{ setWeight: 10, pause: {} }, { bake: 0s }, { setWeight: 100, bake: 2h }]',
      [{ setWeight: 10, pause: {} }, { bake: '0s' }, { setWeight: 100, bake: '2h' }],
    ],
  ])('tells the steps %s', (text, items) => {
    expect(steps(text)).toEqual(items)
  })

  it.each([
    ['0.1%', '0.1%'],
    ['0.05', '5%'],
    ['33.3%', '33.3%'],
    ['0.07', '7%'],
    ['1e-12', 1e-12],
    ['0.30000000000000004', 0.30000000000000004],
  ])('tells the share %s', (text, limit) => {
    expect(kpi(`errorRate: { limit: ${text} }`)).toMatchObject({ errorRate: { limit } })
  })

  it.each([
    ['99.9%', '99.9%'],
    ['10%', '10%'],
    ['0.9995', '99.95%'],
    ['99.999999999%', '99.999999999%'],
    ['0.99999999999999', 0.99999999999999],
    ['0.99999999998512', 0.99999999998512],
  ])('tells the target %s', (text, target) => {
    expect(kpi(`uptime: { target: ${text} }`)).toMatchObject({ uptime: { target } })
  })

  it.each([
    ['azure-metrics', 'azure-metrics'],
    ['probe', 'probe'],
    ['{ probe: { timeout: 2000ms } }', 'probe'],
    ['{ probe: { path: /health } }', { probe: { path: '/health', count: 6, timeout: '2s' } }],
    ['{ app-insights: {} }', 'app-insights'],
    ['{ app-insights: { dimension: rev } }', { 'app-insights': { dimension: 'rev' } }],
    ['{ prometheus: { statusLabel: status } }', 'prometheus'],
    ['{ http: { url: "https://figures.example.com/" } }', { http: { url: 'https://figures.example.com/' } }],
    [
      '{ prometheus: { statusLabel: code, labels: { environment: "on" } } }',
      {
        prometheus: {
          requests: 'http_requests_total',
          duration: 'http_request_duration_seconds',
          revisionLabel: 'revision',
          statusLabel: 'code',
          labels: { environment: 'on' },
        },
      },
    ],
  ])('tells the source %s', (text, source) => {
    expect(kpi(`uptime: { target: 99% }, source: ${text}`)?.source).toEqual(source)
  })

  it('quotes what YAML takes for something else than text, in 1.1 as well', () => {
    const manifest = taken(LEAST.replace('"v*"', '"1.0"').replace('environment: production', 'environment: on'))
    const yaml = writeManifest(manifest)
    expect(yaml).toMatch(/^environment: "on"$/m)
    expect(yaml).toMatch(/^ {2}tags: "1\.0"$/m)
  })
})
