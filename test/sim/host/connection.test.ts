import { expect, test } from 'vitest'
import { queueServiceOf } from '../../../sim/host/connection.ts'

const KEY = Buffer.from('no real key').toString('base64')

test.each([
  [
    'X',
    { X: `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${KEY};QueueEndpoint=http://127.0.0.1:1/a;` },
    'http://127.0.0.1:1/a',
  ],
  [
    'X',
    {
      AzureWebJobsX: `DefaultEndpointsProtocol=http;AccountName=b;AccountKey=${KEY};QueueEndpoint=http://127.0.0.1:2/b;`,
    },
    'http://127.0.0.1:2/b',
  ],
  [
    'X',
    { X__queueServiceUri: 'https://c.queue.core.windows.net', X__credential: 'managedidentity' },
    'https://c.queue.',
  ],
  ['X', { X__queueServiceUri: 'https://d.queue.core.windows.net', X__clientId: 'an-id' }, 'https://d.queue.'],
])('a connection %s is found in the settings', (connection, settings, url) => {
  expect(queueServiceOf(settings, connection).url).toContain(url)
})

test('a connection without settings says which ones are wanted', () => {
  expect(() => queueServiceOf({ Y: '' }, 'Y')).toThrow('set Y__queueServiceUri')
})
