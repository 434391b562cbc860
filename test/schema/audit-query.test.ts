import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAuditQuery } from '../../lib/schema/audit-query.ts'

const read = (text: string) => readAuditQuery(new URLSearchParams(text))
const paths = (text: string): readonly string[] => {
  const answer = read(text)
  return answer.ok ? [] : answer.issues.map((issue) => issue.path)
}

describe('the query string of the audit', () => {
  it('needs an environment only', () => {
    expect(read('environment=production')).toEqual({
      ok: true,
      query: { environment: 'production', limit: 50, from: null },
      format: 'json',
    })
  })

  it('is read with every parameter', () => {
    const text =
      'environment=production&service=pricing&rollout=pricing-7&kind=rollback-started&since=2026-01-01&until=2026-01-02T00:00:00.5%2B01:00&limit=100&from=b3BhcXVl&format=csv'
    expect(read(text)).toEqual({
      ok: true,
      query: {
        environment: 'production',
        service: 'pricing',
        rollout: 'pricing-7',
        kind: 'rollback-started',
        since: Date.UTC(2026, 0, 1),
        until: Date.UTC(2026, 0, 1, 23, 0, 0, 500),
        limit: 100,
        from: 'b3BhcXVl',
      },
      format: 'csv',
    })
  })

  it.each([
    ['', 'environment'],
    ['environment=Prod', 'environment'],
    ["environment=prod&service=a'b", 'service'],
    ['environment=prod&rollout=seven', 'rollout'],
    ['environment=prod&kind=rolback-started', 'kind'],
    ['environment=prod&since=yesterday', 'since'],
    ['environment=prod&since=2026-13-01', 'since'],
    ['environment=prod&since=2026-01-02&until=2026-01-02', 'until'],
    ['environment=prod&limit=0', 'limit'],
    ['environment=prod&limit=101', 'limit'],
    ['environment=prod&limit=1e1', 'limit'],
    ['environment=prod&format=xml', 'format'],
    ['environment=prod&from=%00', 'from'],
    ['environment=prod&limit=1&limit=2', 'limit'],
  ])('%s is refused at %s', (text, path) => {
    expect(paths(text)).toEqual([path])
  })

  it('names the parameter that an unknown one may have meant', () => {
    const answer = read('environment=prod&servce=pricing')
    expect(answer.ok ? '' : answer.issues[0]?.message).toBe('`servce` is not known here. Did you mean `service`?')
  })

  it('says which parameter is missing, with an example', () => {
    const answer = read('')
    expect(answer.ok ? '' : answer.issues[0]?.message).toBe('is missing; add it, e.g. `environment: production`')
  })

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), fc.string())),
        (pairs) => typeof readAuditQuery(new URLSearchParams(pairs)).ok === 'boolean',
      ),
    )
  })
})
