import fc from 'fast-check'
import { describe, it } from 'vitest'
import { readManifests } from '../../lib/schema/manifest.ts'
import { runs } from '../support/runs.ts'
import { FULL } from './texts.ts'

describe('whatever the text', () => {
  const places = FULL.split(/(?<=[\s:{},[\]])/)

  const mutated = fc
    .array(
      fc.tuple(
        fc.nat({ max: places.length - 1 }),
        fc.oneof(
          fc.string({ maxLength: 12 }),
          fc.constantFrom(
            '',
            '~',
            '{}',
            '[]',
            '&a ',
            '*a',
            '- ',
            '10',
            '.nan',
            '!!map ',
            '"',
            '\t',
            '---\n',
            '<<: ',
            '? ',
          ),
        ),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((edits) => {
      const copy = [...places]
      for (const [at, text] of edits) copy[at] = text
      return copy.join('')
    })

  it('reading never throws, and answers with a manifest or with issues that have a place', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.json(), mutated)
    fc.assert(
      fc.property(text, (written) => {
        const read = readManifests(written)
        if (read.ok) return read.manifests.length > 0
        const lines = written.split('\n').length
        return (
          read.issues.length > 0 && read.issues.every(({ line, column }) => line >= 1 && line <= lines && column >= 1)
        )
      }),
      runs(1000),
    )
  })

  it('a manifest that comes through always has a plan that rises to 100 and at least one required KPI', () => {
    fc.assert(
      fc.property(mutated, (written) => {
        const read = readManifests(written)
        return (
          !read.ok ||
          read.manifests.every(
            ({ stages, analysis }) =>
              stages.at(-1)?.weight === 100 && analysis.kpis.some(({ role }) => role === 'required'),
          )
        )
      }),
      runs(500),
    )
  })
})
