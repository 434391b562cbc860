import { describe, expect, test } from 'vitest'
import { createRouter, type Route } from '../../../sim/host/routes.ts'

function route(template: string, methods = ['GET']): Route {
  return { functionName: template, template, methods }
}

function matched(templates: string[], path: string): string | null {
  return (
    createRouter(
      'api',
      templates.map((template) => route(template)),
    )('GET', path)?.functionName ?? null
  )
}

describe('which function a path goes to', () => {
  test.each([
    ['a literal before a parameter', ['{x}', 'a'], '/api/a', 'a'],
    ['a constrained parameter before a free one', ['{x}', '{x:int}'], '/api/5', '{x:int}'],
    ['a parameter before a rest', ['{*x}', '{x}'], '/api/5', '{x}'],
    ['the earlier literal decides', ['{x}/b', 'a/{y}'], '/api/a/b', 'a/{y}'],
    ['a rest may be empty', ['files/{*path}'], '/api/files', 'files/{*path}'],
    ['an optional parameter may be absent', ['a/{x?}'], '/api/a/', 'a/{x?}'],
    ['a parameter may not', ['a/{x}'], '/api/a', null],
    ['a longer path is another path', ['a/{x?}'], '/api/a/b/c', null],
    ['empty parts are no path', ['a/{x}/b'], '/api/a//b', null],
    ['letters are alike', ['Services/List'], '/API/services/LIST', 'Services/List'],
  ])('%s', (_name, templates, path, expected) => {
    expect(matched(templates, path)).toBe(expected)
  })

  test.each([
    ['{x:alpha}', 'abc', 'a1'],
    ['{x:int}', '-12', '1.5'],
    ['{x:bool}', 'True', 'yes'],
    ['{x:guid}', '0af76519-16cd-43dd-8448-eb211c80319c', '0af76519'],
    ['{x:length(3)}', 'abc', 'ab'],
    ['{x:length(2,3)}', 'ab', 'abcd'],
    ['{x:minlength(2)}', 'ab', 'a'],
    ['{x:maxlength(2)}', 'ab', 'abc'],
    ['{x:min(5)}', '5', '4'],
    ['{x:max(5)}', '5', '6'],
    ['{x:range(2,4)}', '3', '5'],
    ['{x:alpha:minlength(2)}', 'ab', 'a'],
    ['{x:long}', '9007199254740993', 'x'],
  ])('%s takes %s and not %s', (template, good, bad) => {
    expect(matched([template], `/api/${good}`)).toBe(template)
    expect(matched([template], `/api/${bad}`)).toBeNull()
  })

  test('two functions may share a template with different methods', () => {
    const find = createRouter('', [
      { functionName: 'read', template: 'things', methods: ['GET'] },
      { functionName: 'write', template: 'things', methods: ['POST'] },
    ])
    expect(find('POST', '/things')?.functionName).toBe('write')
    expect(find('GET', '/things')?.functionName).toBe('read')
    expect(find('DELETE', '/things')).toBeNull()
  })
})

test.each(['v{x}', '{x:regex(a)}', '{x:unknown}', '{a?}/b', '{*a}/b', '{}'])(
  'the template "%s" is refused at start',
  (template) => {
    expect(() => createRouter('api', [route(template)])).toThrow(template)
  },
)
