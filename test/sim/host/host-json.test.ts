import { expect, test } from 'vitest'
import { readHostJson, withOverrides } from '../../../sim/host/host-json.ts'

test("what host.json leaves out is Azure's default", () => {
  expect(readHostJson({ version: '2.0' })).toEqual({
    routePrefix: 'api',
    queues: {
      batchSize: 16,
      newBatchThreshold: 8,
      maxPollingIntervalMs: 60_000,
      visibilityTimeoutMs: 0,
      maxDequeueCount: 5,
      messageEncoding: 'base64',
    },
  })
})

test('what host.json says is taken, in milliseconds', () => {
  const queues = { batchSize: 1, newBatchThreshold: 0, maxPollingInterval: '00:00:02', visibilityTimeout: '1.00:00:30' }
  const extensions = { http: { routePrefix: '' }, queues: { ...queues, maxDequeueCount: 3, messageEncoding: 'none' } }
  expect(readHostJson({ version: '2.0', extensions })).toEqual({
    routePrefix: '',
    queues: {
      batchSize: 1,
      newBatchThreshold: 0,
      maxPollingIntervalMs: 2000,
      visibilityTimeoutMs: 86_430_000,
      maxDequeueCount: 3,
      messageEncoding: 'none',
    },
  })
})

test.each([
  ['version', {}],
  ['host.json', []],
  ['routePrefix', { version: '2.0', extensions: { http: { routePrefix: 1 } } }],
  ['batchSize', { version: '2.0', extensions: { queues: { batchSize: 33 } } }],
  ['maxPollingInterval', { version: '2.0', extensions: { queues: { maxPollingInterval: '2s' } } }],
  ['messageEncoding', { version: '2.0', extensions: { queues: { messageEncoding: 'utf8' } } }],
  ['extensions', { version: '2.0', extensions: 'all' }],
])('a wrong %s is refused by name', (name, hostJson) => {
  expect(() => readHostJson(hostJson)).toThrow(name)
})

test('app settings that name a place in host.json go before it, numbers as numbers', () => {
  const hostJson = { version: '2.0', extensions: { queues: { visibilityTimeout: '00:00:30', maxDequeueCount: 5 } } }
  const settings = {
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:02',
    AzureFunctionsJobHost__extensions__queues__maxDequeueCount: '3',
    AzureFunctionsJobHost__extensions__http__routePrefix: 'v',
    SOMETHING__else: 'x',
  }
  const rules = readHostJson(withOverrides(hostJson, settings))
  expect(rules.routePrefix).toBe('v')
  expect(rules.queues).toMatchObject({ visibilityTimeoutMs: 2000, maxDequeueCount: 3 })
})
