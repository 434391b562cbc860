import { describe, expect, test } from 'vitest'
import { isEmpty } from '../../lib/core/app.ts'
import { ASLEEP, aRevision, CANARY, STARTING } from '../support/builders.ts'

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
