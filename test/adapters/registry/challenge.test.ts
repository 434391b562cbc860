import { describe, expect, it } from 'vitest'
import { readChallenges } from '../../../lib/adapters/registry/challenge.ts'

describe('readChallenges', () => {
  it.each([
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
      [
        {
          scheme: 'bearer',
          parameters: {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:a/b:pull,push',
          },
        },
      ],
    ],
    [
      'Basic realm="a, b=c", Bearer realm = "x" , service=plain',
      [
        { scheme: 'basic', parameters: { realm: 'a, b=c' } },
        { scheme: 'bearer', parameters: { realm: 'x', service: 'plain' } },
      ],
    ],
    ['Bearer realm="say \\"hi\\""', [{ scheme: 'bearer', parameters: { realm: 'say "hi"' } }]],
    ['BEARER Realm="x"', [{ scheme: 'bearer', parameters: { realm: 'x' } }]],
    ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
    ['realm="without a scheme"', []],
    ['Bearer realm="never closed', [{ scheme: 'bearer', parameters: { realm: '' } }]],
    ['', []],
    [null, []],
  ])('reads %j', (header, challenges) => {
    expect(readChallenges(header)).toEqual(challenges)
  })

  it('gives up on a header that is longer than any honest one', () => {
    expect(readChallenges(`Bearer realm="${'x'.repeat(5000)}"`)).toEqual([])
  })
})
