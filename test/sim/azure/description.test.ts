import { describe, expect, it } from 'vitest'
import { OPERATIONS, trimApi } from '../../../scripts/trim-azure-api.ts'
import { description, example, faultsIn } from './description.ts'

describe('The published description', () => {
  it.each([
    'ContainerApps_Get',
    'ContainerApps_Patch',
    'ContainerApps_ListBySubscription',
    'Revisions_List',
    'Revisions_Get',
    'Revisions_Activate',
  ])('allows its own example %s', (name) => {
    const { operationId, parameters, responses } = example(name)
    const operation = description.operations[operationId.replace('BySubscription', 'ByResourceGroup')]
    for (const [status, { body, headers }] of Object.entries(responses)) {
      const said = operation?.responses[status]
      expect(said, status).toBeDefined()
      if (said?.schema !== undefined) expect(faultsIn(said.schema, body, 'published')).toEqual([])
      else expect(body).toBeUndefined()
      for (const link of Object.values(headers ?? {})) expect(link).toContain('/containerappOperationResults/')
    }
    const { containerAppEnvelope } = parameters
    if (containerAppEnvelope !== undefined)
      expect(faultsIn('ContainerApp', containerAppEnvelope, 'published')).toEqual([])
  })

  it.each([
    ['a name that it does not know', { location: 'x', surprise: 1 }, 'surprise'],
    [
      'a nested name that it does not know',
      { location: 'x', properties: { template: { containres: [] } } },
      'containres',
    ],
    [
      'a wrong type',
      { location: 'x', properties: { configuration: { ingress: { traffic: [{ weight: '10' }] } } } },
      'integer',
    ],
    ['a word that it does not know', { location: 'x', properties: { provisioningState: 'Fine' } }, 'allowed values'],
    ['a missing location', {}, 'location'],
  ])('refuses %s', (_, value, said) => {
    expect(faultsIn('ContainerApp', value).join('\n')).toContain(said)
  })

  it('tells what live Azure adds from what is published', () => {
    const revision = { properties: { runningState: 'RunningAtMaxScale', runningStateDetails: 'x' } }
    expect(faultsIn('Revision', revision, 'live')).toEqual([])
    expect(faultsIn('Revision', revision, 'published')).toHaveLength(2)
  })
})

describe('Trimming', () => {
  it('would leave the kept description as it is: nothing is missing and nothing is too much', () => {
    const paths: Record<string, Record<string, unknown>> = {}
    for (const [operationId, { method, path, responses }] of Object.entries(description.operations)) {
      const said = Object.entries(responses).map(([status, { schema, headers }]) => [
        status,
        {
          ...(schema ? { schema: { $ref: `#/definitions/${schema}` } } : {}),
          ...(headers ? { headers: Object.fromEntries(headers.map((name) => [name, {}])) } : {}),
        },
      ])
      paths[path] = { ...paths[path], [method]: { operationId, responses: Object.fromEntries(said) } }
    }
    const { operations, definitions } = description
    const again = trimApi({ paths, definitions }, '/openapi.json', OPERATIONS, () =>
      expect.unreachable('no other file'),
    )
    expect(again).toEqual({ operations, definitions })
  })

  it('follows references into other documents and leaves prose and extensions out', () => {
    const thing = {
      type: 'object',
      description: 'prose',
      'x-ms-azure-resource': true,
      properties: { description: { type: 'string', description: 'prose', readOnly: true } },
      allOf: [{ $ref: '../common.json#/definitions/Base' }],
    }
    const get = {
      operationId: 'Thing_Get',
      responses: { 200: { description: 'prose', schema: { $ref: '#/definitions/Thing' } } },
    }
    const document = {
      paths: { '/thing': { get, delete: { operationId: 'Thing_Delete', responses: {} } } },
      definitions: { Thing: thing },
    }
    const common = {
      definitions: {
        Base: { type: 'object', properties: { kin: { $ref: '#/definitions/Kin' } } },
        Kin: { type: 'string' },
      },
    }
    const fetched: string[] = []
    const fetch = (path: string) => {
      fetched.push(path)
      return common
    }
    expect(trimApi(document, '/a/openapi.json', ['Thing_Get'], fetch)).toEqual({
      operations: { Thing_Get: { method: 'get', path: '/thing', responses: { 200: { schema: 'Thing' } } } },
      definitions: {
        Base: { type: 'object', properties: { kin: { $ref: '#/definitions/Kin' } } },
        Kin: { type: 'string' },
        Thing: {
          type: 'object',
          properties: { description: { type: 'string' } },
          allOf: [{ $ref: '#/definitions/Base' }],
        },
      },
    })
    expect(new Set(fetched)).toEqual(new Set(['/common.json']))
  })

  it('says which operation a document does not describe', () => {
    expect(() => trimApi({}, '/openapi.json', ['Thing_Get'], () => ({}))).toThrow(/does not describe Thing_Get/)
  })
})
