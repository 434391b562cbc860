import type { Template } from '@azure/arm-appcontainers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { candidateTemplate, mergePatch, writableTemplate } from '../../../lib/adapters/apps/arm-template.ts'
import { trafficPatch } from '../../../lib/adapters/apps/arm-traffic.ts'
import type { Target } from '../../../lib/core/service.ts'
import { Fault } from '../../../lib/errors.ts'

type Json = null | string | number | boolean | readonly Json[] | { readonly [key: string]: Json }

/** JSON merge patch as RFC 7396 §2 writes it down. */
function apply(stored: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch
  const result: Record<string, Json> = isObject(stored) ? { ...stored } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = apply(result[key], value)
  }
  return result
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list without entries is no list: both mean "none". */
function withoutEmptyLists(value: Json): Json {
  if (!isObject(value)) return value
  const kept = Object.entries(value).filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0))
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutEmptyLists(inner)]))
}

const list = fc.array(fc.record({ name: fc.string() }), { maxLength: 2 })
const scale = fc.record(
  { minReplicas: fc.nat(5), maxReplicas: fc.nat(9), cooldownPeriod: fc.nat(), rules: list },
  { requiredKeys: [] },
)
const template = fc.record(
  {
    revisionSuffix: fc.string(),
    terminationGracePeriodSeconds: fc.nat(),
    containers: list,
    initContainers: list,
    volumes: list,
    serviceBinds: list,
    scale,
  },
  { requiredKeys: ['revisionSuffix', 'containers'] },
) as fc.Arbitrary<Template>

describe('a template', () => {
  it('is always exactly the wanted one after its patch was merged onto whatever was stored', () => {
    fc.assert(
      fc.property(template, fc.option(template, { nil: undefined }), (wanted, stored) => {
        const patch = JSON.parse(JSON.stringify(mergePatch(wanted, stored))) as Json
        const result = apply((stored ?? {}) as Json, patch)
        expect(withoutEmptyLists(result)).toEqual(withoutEmptyLists(wanted as Json))
      }),
    )
  })

  it.each([
    ['initContainers', { containers: [{ name: 'web' }], initContainers: '' }],
    ['env', { containers: [{ name: 'web', env: 0 }] }],
    ['containers', { containers: '' }],
  ])('whose %s is no list is told as malformed, before anything is sent', (name, odd) => {
    const copy = () => {
      const from = odd as unknown as Template
      const to: Target = { subscriptionId: 's', resourceGroup: 'g', app: 'web', container: null }
      writableTemplate('creating web--v2', 'web', candidateTemplate('creating web--v2', from, to, 'i'), 'v2')
    }
    expect(copy).toThrow(`creating web--v2: ${name} came back as`)
    expect(copy).toThrow(Fault)
  })

  it('is sent as it is when the stored one has nothing more', () => {
    const stored: Template = { revisionSuffix: 'v1', containers: [{ name: 'web' }], scale: { minReplicas: 1 } }
    const wanted: Template = { ...stored, revisionSuffix: 'v2' }
    expect(mergePatch(wanted, stored)).toEqual(wanted)
  })

  it('keeps an empty value, drops the one beside a secret, and treats init containers alike', () => {
    const env = [
      { name: 'A', value: '' },
      { name: 'B', value: '', secretRef: 'b' },
      { name: 'C', value: 'c', secretRef: '' },
      { name: 'D' },
    ]
    const read: Template = { containers: [{ name: 'web', env }], initContainers: [{ name: 'init', env }] }
    const written = writableTemplate('test', 'web', read, 'v2')
    const expected = [{ name: 'A', value: '' }, { name: 'B', secretRef: 'b' }, { name: 'C', value: 'c' }, { name: 'D' }]
    expect(written.containers?.[0]?.env).toEqual(expected)
    expect(written.initContainers?.[0]?.env).toEqual(expected)
  })
})

describe('a traffic list', () => {
  it('is never sent unless its whole weights total 100 over named revisions with labels of their own', () => {
    const entry = fc.record({
      revision: fc.constantFrom('web--v1', 'web--v2', null),
      weight: fc.constantFrom(0, 25, 50, 75, 100, 0.5, -25),
      label: fc.constantFrom(null, null, 'blue', 'green'),
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), (traffic) => {
        const labels = traffic.flatMap(({ label }) => label ?? [])
        const isSafe =
          traffic.every(({ revision, weight }) => revision !== null && Number.isInteger(weight) && weight >= 0) &&
          traffic.reduce((sum, { weight }) => sum + weight, 0) === 100 &&
          new Set(labels).size === labels.length
        if (!isSafe) {
          expect(() => trafficPatch('test', traffic)).toThrow(/Nothing was sent/)
          return
        }
        const sent = trafficPatch('test', traffic)
        expect(sent.map(({ revisionName, weight, label }) => [revisionName, weight, label ?? null])).toEqual(
          traffic.map(({ revision, weight, label }) => [revision, weight, label]),
        )
        expect(sent.some((one) => 'latestRevision' in one)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})
