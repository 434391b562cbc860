import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { yamlOrJson } from '../../lib/door/yaml-or-json.ts'
import { Refusal } from '../../lib/door.ts'

const wanted = (query: string, accept: string | null = null) => yamlOrJson(new URLSearchParams(query), accept)

describe('an answer that there is in YAML and in JSON', () => {
  it.each([
    [null, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    ['application/json', 'json'],
    ['application/yaml', 'yaml'],
    ['Application/YAML; charset=utf-8', 'yaml'],
    ['text/yaml', 'yaml'],
    ['text/html, application/x-yaml;q=0.9, */*;q=0.8', 'yaml'],
    ['application/json, application/yaml', 'yaml'],
    ['application/json, application/yaml;q=0.5', 'json'],
    ['application/json;q=0.4, application/yaml;q=0.5', 'yaml'],
    ['application/yaml;q=0', 'json'],
    ['application/yamlish', 'json'],
  ])('is %j answered as %s', (accept, format) => {
    expect(wanted('', accept)).toBe(format)
  })

  it('is what ?format= says, whatever Accept says', () => {
    expect(wanted('format=yaml', 'application/json')).toBe('yaml')
    expect(wanted('format=json', 'application/yaml')).toBe('json')
  })

  it('is refused in any other format', () => {
    expect(() => wanted('format=toml', 'application/yaml')).toThrow(Refusal)
    expect(() => wanted('format=')).toThrow(Refusal)
  })

  it('takes any Accept without a throw', () => {
    fc.assert(fc.property(fc.string(), (accept) => ['yaml', 'json'].includes(wanted('', accept))))
  })
})
