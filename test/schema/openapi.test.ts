import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openApiDocument } from '../../lib/schema/openapi/document.ts'
import { SLIPWAY_VERSION } from '../../lib/schema/openapi/version.ts'
import { docsPage } from '../../lib/schema/pages/docs-page.ts'
import { inline } from '../../lib/schema/pages/html.ts'

const document = openApiDocument()

test('the version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect([SLIPWAY_VERSION, document.info.version]).toEqual([version, version])
})

test('every reference leads to something, and every operation has an id of its own', () => {
  const text = JSON.stringify(document)
  const refs = [...text.matchAll(/"\$ref":"#\/components\/([a-zA-Z]+)\/([^"]+)"/g)]
  expect(refs.length).toBeGreaterThan(100)
  const dead = refs.filter(([, room = '', name = '']) => !Object.hasOwn(document.components[room] ?? {}, name))
  expect(dead.map(([ref]) => ref)).toEqual([])
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
  expect(new Set(ids).size).toBe(ids.length)
})

test('text of the document cannot become markup of its page', () => {
  expect(inline('<b>`a<b`</b> [x](javascript:alert) [y](/api/docs)')).toBe(
    '&#60;b&#62;<code>a&#60;b</code>&#60;/b&#62; [x](javascript:alert) <a href="/api/docs">y</a>',
  )
  const odd = { ...document, info: { ...document.info, title: '<script>' } }
  expect(docsPage(odd)).not.toContain('<script')
})
