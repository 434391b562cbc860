import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDriftQuery } from '../../lib/schema/drift-query.ts'

const read = (text: string, accept: string | null = null) => readDriftQuery(new URLSearchParams(text), accept)

describe('the query of the drift reports', () => {
  it('may name one environment, and means all without', () => {
    expect(read('')).toEqual({ ok: true, environment: null, format: 'json' })
    expect(read('environment=production')).toEqual({ ok: true, environment: 'production', format: 'json' })
  })

  it.each([
    ['environment=Prod', 'environment'],
    ['environment=a&environment=b', 'environment'],
    ['environmet=production', 'environmet'],
  ])('is refused where it is wrong: %s', (text, path) => {
    const answer = read(text)
    expect(answer.ok ? [] : answer.issues.map((issue) => issue.path)).toContain(path)
  })

  it.each([
    ['text/markdown', 'markdown'],
    ['application/json;q=0.9, Text/Markdown; charset=utf-8', 'markdown'],
    ['text/markdown;q=0', 'json'],
    ['text/markdown; q=0.001', 'markdown'],
    ['text/html, */*', 'json'],
    ['text/markdownish', 'json'],
    ['', 'json'],
  ])('takes Accept: %s for %s', (accept, format) => {
    expect(read('', accept)).toMatchObject({ format })
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), fc.string(), (query, accept) => typeof read(query, accept).ok === 'boolean'),
    )
  })
})
