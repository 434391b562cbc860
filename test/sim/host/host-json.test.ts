import { expect, test } from 'vitest'
import { readHostJson } from '../../../sim/host/host-json.ts'

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
