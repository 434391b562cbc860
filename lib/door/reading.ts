import type { HttpResponseInit } from '@azure/functions'
import { READING_POLICY } from '../schema/pages/html.ts'
import { tagged } from './conditional.ts'

/** A page that is the same for everybody until the next release, with a tag made of its text: 304 for who has it. */
export function reading(headers: Headers, etag: string, type: string, body: string): HttpResponseInit {
  return tagged(headers, etag, () => ({
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'no-cache',
      'content-security-policy': READING_POLICY,
    },
    body,
  }))
}
