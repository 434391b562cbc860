import { describe, expect, it } from 'vitest'
import { patched, refusalOf, revisionOf, seen, shop, stage, trafficOf } from './stage.ts'

describe('A patch', () => {
  it('merges objects, replaces arrays whole, deletes by null and keeps what it does not name', () => {
    const at = stage({ environmentVariables: [{ name: 'MODE', value: 'fast' }] })
    expect(patched(at, { tags: { team: 'a', cost: '7' } }).status).toBe('Succeeded')
    patched(at, { tags: { cost: null } })
    patched(at, revisionOf('shop:2', 'v2'))
    const app = at.world.get(shop) as { tags: unknown; properties: Record<string, unknown> }
    expect(app.tags).toEqual({ team: 'a' })
    const template = app.properties.template as {
      containers: { env?: unknown }[]
      scale: unknown
      revisionSuffix: string
    }
    expect(template.containers[0]?.env).toBeUndefined()
    expect(template.scale).toEqual({ minReplicas: 1, maxReplicas: 10 })
    expect(template.revisionSuffix).toBe('v2')
  })

  it('is taken at once, seen as InProgress, and in force only when its operation has ended', () => {
    const { world, clock } = stage()
    const { operationId } = world.patch(shop, revisionOf('shop:2', 'v2'))
    expect(world.operation(operationId).status).toBe('InProgress')
    expect(world.see(shop)).toMatchObject({ provisioning: 'InProgress', latestRevision: 'shop--first' })
    expect(seen(world, 'v2')).toMatchObject({ provisioning: 'Provisioning', health: 'None', replicas: 0 })
    clock.advance(3_000)
    expect(world.operation(operationId).status).toBe('Succeeded')
    expect(world.see(shop)).toMatchObject({ provisioning: 'Succeeded', latestRevision: 'shop--v2' })
  })

  it('is refused with ContainerAppOperationInProgress while another one runs, as are activate and deactivate', () => {
    const { world, clock } = stage()
    world.patch(shop, trafficOf({ first: 100 }))
    for (const write of [
      () => world.patch(shop, trafficOf({ first: 100 })),
      () => world.activate(shop, 'shop--first'),
      () => world.deactivate(shop, 'shop--first'),
    ]) {
      expect(refusalOf(write)).toMatchObject({ status: 409, code: 'ContainerAppOperationInProgress' })
    }
    clock.advance(1_500)
    expect(() => world.deactivate(shop, 'shop--first')).not.toThrow()
  })

  it('never shows a secret, keeps secrets that are not sent, and refuses those that are echoed', () => {
    const at = stage({
      secrets: [{ name: 'key', value: 'hush' }],
      environmentVariables: [{ name: 'KEY', secretRef: 'key' }],
    })
    patched(at, trafficOf({ first: 100 }))
    const answer = JSON.stringify([at.world.get(shop), at.world.listRevisions(shop)])
    expect(answer).not.toContain('hush')
    expect(answer).toContain('"secrets":[{"name":"key"}]')
    expect(answer).toContain('{"name":"KEY","secretRef":"key","value":""}')
    const echo = { properties: { configuration: { secrets: [{ name: 'key' }] } } }
    expect(refusalOf(() => at.world.patch(shop, echo)).code).toBe('ContainerAppSecretInvalid')
  })

  it('refuses a variable that has both a value and a secret, and one whose secret is not there', () => {
    const { world } = stage({ secrets: [{ name: 'key', value: 'hush' }] })
    const body = (env: unknown) => ({
      properties: { template: { revisionSuffix: 'v2', containers: [{ name: 'shop', image: 'shop:2', env: [env] }] } },
    })
    const both = body({ name: 'KEY', secretRef: 'key', value: '' })
    expect(refusalOf(() => world.patch(shop, both)).code).toBe('InvalidParameterValueInContainerTemplate')
    const lost = body({ name: 'KEY', secretRef: 'other' })
    expect(refusalOf(() => world.patch(shop, lost)).code).toBe('ContainerAppSecretRefNotFound')
  })

  it('takes a used suffix with a 202 and fails later, leaving the existing revision alone', () => {
    const at = stage()
    patched(at, revisionOf('shop:2', 'v2'))
    at.world.deactivate(shop, 'shop--v2')
    const operation = patched(at, revisionOf('shop:3', 'v2'))
    expect(operation.status).toBe('Failed')
    expect(operation.error?.code).toBe('ContainerAppOperationError')
    expect(operation.error?.message).toContain('revision with suffix v2 already exists.')
    expect(seen(at.world, 'v2').image).toBe('shop:2')
    expect(at.world.see(shop).provisioning).toBe('Failed')
  })

  it('that leaves the suffix out meets the one that sticks from before', () => {
    const at = stage()
    patched(at, revisionOf('shop:2', 'v2'))
    expect(patched(at, revisionOf('shop:3')).error?.message).toContain('suffix v2 already exists')
  })

  it('with an empty suffix gets one that Azure makes up', () => {
    const at = stage()
    patched(at, revisionOf('shop:2', ''))
    patched(at, revisionOf('shop:3', ''))
    expect(at.world.see(shop).revisions.map(({ name }) => name)).toEqual([
      'shop--first',
      'shop--0000001',
      'shop--0000002',
    ])
  })

  it('that says what is there already changes nothing and succeeds', () => {
    const at = stage()
    patched(at, revisionOf('shop:2', 'v2'))
    expect(patched(at, revisionOf('shop:2', 'v2')).status).toBe('Succeeded')
    expect(at.world.see(shop).revisions).toHaveLength(2)
  })

  it('fails after a failed template even when it touches weights only, until a valid template with a fresh suffix comes', () => {
    const at = stage()
    at.world.behave('shop:bad', { never: 'pull-fails' })
    patched(at, revisionOf('shop:2', 'v2'))
    expect(patched(at, revisionOf('shop:bad', 'v3')).error?.message).toContain('MANIFEST_UNKNOWN')
    expect(patched(at, trafficOf({ first: 40, v2: 60 })).status).toBe('Failed')
    expect(at.world.ingress(shop).weights).toEqual({ 'shop--first': 100 })
    const template = (at.world.get(shop) as { properties: { template: { revisionSuffix: string } } }).properties
      .template
    expect(template.revisionSuffix).toBe('v2')

    expect(patched(at, revisionOf('shop:2', 'v2')).status).toBe('Failed')
    expect(patched(at, revisionOf('shop:2', 'v4')).status).toBe('Succeeded')
    expect(patched(at, trafficOf({ first: 100 })).status).toBe('Succeeded')
    expect(at.world.see(shop).provisioning).toBe('Succeeded')
  })

  it('for an image that never gets anywhere expires after ten minutes', () => {
    const { world, clock } = stage()
    world.behave('shop:2', { never: 'stuck' })
    const { operationId } = world.patch(shop, revisionOf('shop:2', 'v2'))
    clock.advance(599_999)
    expect(world.operation(operationId).status).toBe('InProgress')
    expect(seen(world, 'v2')).toMatchObject({ provisioning: 'Provisioning', running: 'Activating', error: null })
    clock.advance(1)
    expect(world.operation(operationId).error?.message).toContain('Operation expired')
    expect(seen(world, 'v2')).toMatchObject({ provisioning: 'Failed', error: expect.stringContaining('expired') })
  })

  it.each([
    ['weights that do not total 100', trafficOf({ first: 99 }), 'ContainerAppInvalidTrafficWeight'],
    ['a weight that is no whole number', trafficOf({ first: 99.5, gone: 0.5 }), 'ContainerAppInvalidTrafficWeight'],
    ['a revision that is not there', trafficOf({ other: 100 }), 'ContainerAppTrafficRevisionNotFound'],
    ['a suffix in capitals', revisionOf('shop:2', 'V2'), 'InvalidParameterValueInContainerTemplate'],
    ['a suffix with two dashes', revisionOf('shop:2', 'a--b'), 'InvalidParameterValueInContainerTemplate'],
    ['a suffix that begins with a digit', revisionOf('shop:2', '2nd'), 'InvalidParameterValueInContainerTemplate'],
    ['a name of 55 characters', revisionOf('shop:2', 'a'.repeat(49)), 'InvalidParameterValueInContainerTemplate'],
    ['no containers', { properties: { template: { containers: [] } } }, 'ContainerAppContainersMissing'],
    ['no object', 'hello', 'InvalidRequestContent'],
    [
      'resources that are not sold as a pair',
      {
        properties: {
          template: { containers: [{ name: 'shop', image: 'x', resources: { cpu: 0.5, memory: '2Gi' } }] },
        },
      },
      'ContainerAppInvalidResourceTotal',
    ],
  ])('is refused with a 400 for %s, and changes nothing', (_, body, code) => {
    const { world } = stage()
    expect(refusalOf(() => world.patch(shop, body))).toMatchObject({ status: 400, code })
    expect(world.see(shop).provisioning).toBe('Succeeded')
    expect(world.log).toEqual([])
  })

  it('takes a name of 54 characters', () => {
    expect(patched(stage(), revisionOf('shop:2', 'a'.repeat(48))).status).toBe('Succeeded')
  })

  it('for an app that is not there is refused with a 404', () => {
    const { world } = stage()
    expect(refusalOf(() => world.patch({ ...shop, app: 'other' }, {})).status).toBe(404)
  })
})
