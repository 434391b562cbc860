import { describe, expect, test } from 'vitest'
import { isEmpty, isReady, isSick, looked } from '../../lib/core/app.ts'
import { ASLEEP, anApp, aRevision, CANARY, SICK, STARTING } from '../support/builders.ts'

describe('a revision without replicas', () => {
  test.each<[string, Parameters<typeof aRevision>[1], boolean]>([
    ['that says it runs is empty', { replicas: 0, running: 'Running' }, true],
    ['that was stopped is empty', { replicas: 0, running: 'Stopped' }, true],
    ['that sleeps is not', ASLEEP, false],
    ['that is starting is not', STARTING, false],
    ['that is switched off is not', { replicas: 0, running: 'Stopped', active: false }, false],
    ['is one that has none', { replicas: 1, running: 'Running' }, false],
  ])('%s', (_, state, empty) => expect(isEmpty(aRevision(CANARY, state))).toBe(empty))
})

describe('a revision', () => {
  test.each<[string, Parameters<typeof aRevision>[1], boolean, boolean]>([
    ['that runs and is well is ready', {}, true, false],
    ['that runs at its greatest scale is ready', { running: 'RunningAtMaxScale' }, true, false],
    ['that is switched off is not', { active: false }, false, false],
    ['that has no replica is not', { replicas: 0 }, false, false],
    ['of which nobody knows whether it is well is not', { health: 'None' }, false, false],
    ['that sleeps is not, and not ill', ASLEEP, false, false],
    ['that is starting is not, and not ill', STARTING, false, false],
    ['that crashes is ill', SICK, false, true],
    ['that is not healthy is ill', { health: 'Unhealthy' }, false, true],
    ['that failed is ill', { running: 'Failed' }, false, true],
    ['that is degraded is ill', { running: 'Degraded' }, false, true],
    ['that could not be provisioned is ill', { provisioning: 'Failed' }, true, true],
  ])('%s', (_, state, ready, sick) => {
    const revision = aRevision(CANARY, state)
    expect([isReady(revision), isSick(revision)]).toEqual([ready, sick])
  })
})

test('who needs revisions has not seen an app that was only glanced at', () => {
  const seen = { kind: 'seen', app: anApp() } as const
  expect(looked(seen)).toBe(seen)
  expect(looked({ kind: 'glanced', app: anApp() })).toEqual({
    kind: 'unseen',
    fault: { kind: 'unavailable', message: 'the revisions of pricing were not read', retryAfterMs: null },
  })
})
