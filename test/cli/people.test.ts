import { expect, test } from 'vitest'
import type { PersonView } from '../../lib/api.ts'
import { aList, aService, aView, type Received, type Reply, withStub } from './stub.ts'

const ADA: PersonView = {
  pseudonym: 'person:0123456789abcdef',
  kind: 'account',
  key: '8d3c52a4-5a54-4a7a-9f0c-3f2f3d1f9a11',
  name: 'ada@example.com',
  since: '2026-11-21T10:00:00.000Z',
}
const WORD: PersonView = { ...ADA, pseudonym: 'person:ghjkmnpqrstvwxyz', kind: 'word', key: 'ada@example.com' }

const service = () =>
  aService(aView(), ({ path, method, query }: Received): Reply | null => {
    if (method === 'DELETE') return { status: 204, body: '' }
    if (path !== '/v1/people') return null
    return { body: aList(query.get('called') === 'eve' ? [] : [ADA, WORD]) }
  })

test('people list tells who stands behind pseudonyms, and people erase takes out all who are called so', async () => {
  await withStub(service(), async ({ run, changes, received }) => {
    const listed = await run(['people', 'list'])
    expect(listed.out).toMatch(/person:0123456789abcdef +ada@example\.com +signed in/)
    expect(listed.out).toMatch(/person:ghjkmnpqrstvwxyz +ada@example\.com +named by a manifest or a registry/)
    const dry = await run(['people', 'erase', 'ada@example.com', '--dry-run'])
    expect(dry.out).toContain(
      'Would do: erase ada@example.com (person:0123456789abcdef) and ada@example.com (person:ghj',
    )
    expect(changes()).toEqual([])
    expect(received.at(-1)?.query.get('called')).toBe('ada@example.com')
    const erased = await run(['people', 'erase', 'ada@example.com', '--yes', '--reason', 'left'])
    expect(erased).toMatchObject({ code: 0, out: expect.stringContaining('erased person:0123456789abcdef') })
    expect(changes().map(({ method, path, query }) => [method, decodeURIComponent(path), query.get('reason')])).toEqual(
      [
        ['DELETE', '/v1/people/person:0123456789abcdef', 'left'],
        ['DELETE', '/v1/people/person:ghjkmnpqrstvwxyz', 'left'],
      ],
    )
    expect(await run(['people', 'erase', 'eve', '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('nobody is called eve'),
    })
    expect((await run(['people', 'list', 'eve'])).err).toContain('Nobody stands behind a pseudonym.')
    expect(JSON.parse((await run(['people', 'list', '--json'])).out)).toEqual({ items: [ADA, WORD], nextLink: null })
  })
}, 60_000)
