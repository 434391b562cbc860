import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readManifest } from '../../lib/schema/manifest.ts'
import { renderManifestSchema, SCHEMA_FILE } from '../../scripts/manifest-schema.ts'

const EXAMPLES = new URL('../../examples/manifests/', import.meta.url)

const examples = readdirSync(EXAMPLES).map((file) => [file, readFileSync(new URL(file, EXAMPLES), 'utf8')] as const)

const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')))

/** Every field of a JSON Schema with its path, however deep. */
function fieldsOf(schema: Record<string, unknown>, path = ''): [string, Record<string, unknown>][] {
  const properties = (schema.properties ?? {}) as Record<string, Record<string, unknown>>
  const inner = [schema.items, ...((schema.anyOf ?? []) as unknown[])].filter((one) => typeof one === 'object')
  return [
    ...Object.entries(properties).flatMap(([key, field]): [string, Record<string, unknown>][] => [
      [`${path}.${key}`, field],
      ...fieldsOf(field, `${path}.${key}`),
    ]),
    ...inner.flatMap((one) => fieldsOf(one as Record<string, unknown>, path)),
  ]
}

describe('the published JSON Schema', () => {
  it('is what the script writes; run `node scripts/manifest-schema.ts` after a change', () => {
    expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(renderManifestSchema())
  })

  it('describes every field', () => {
    const fields = fieldsOf(JSON.parse(renderManifestSchema()))
    expect(fields.length).toBeGreaterThan(40)
    expect(fields.filter(([, field]) => typeof field.description !== 'string').map(([path]) => path)).toEqual([])
  })

  it('is of draft 2020-12 and refuses unknown keys', () => {
    expect(JSON.parse(renderManifestSchema())).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      additionalProperties: false,
    })
    expect(validate({ ...parse(examples[0]?.[1] ?? ''), extra: 1 })).toBe(false)
  })
})

describe('the example manifests', () => {
  it.each(examples)('%s is valid at the desk and for an editor', (file, text) => {
    const read = readManifest(text, file)
    expect(read.ok ? [] : read.issues).toEqual([])
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true)
  })

  it('are three', () => {
    expect(examples.map(([file]) => file).sort()).toEqual(['pricing.yaml', 'routing.yaml', 'safety.yaml'])
  })
})
