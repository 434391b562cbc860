import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { renderManifestSchema } from '../../scripts/manifest-schema.ts'
import { LEAST, said } from './texts.ts'

const TEXT = readFileSync(new URL('../../docs/manifest.md', import.meta.url), 'utf8')

const blocks = [...TEXT.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block ?? '')
const WRONG = blocks.find((block) => block.startsWith('name:')) ?? ''

/** A block of the document as a whole manifest: the parts that it leaves out are filled in. */
function wholes(block: string): readonly string[] {
  if (/^(?:analysis|strategy):/.test(block)) return [`${LEAST}${block}`]
  const list = `${LEAST}analysis:\n  kpis:\n    - { name: first, errorRate: { limit: 1% } }\n`
  if (/^ +- name:/.test(block)) return [`${list}${block}`]
  // Several ways to write a source are parted by a comment.
  return block.split('      # or\n').map((source) => `${list}    - name: it\n      uptime: { target: 99% }\n${source}`)
}

/** The part of the published schema at a path of keys. */
function keysAt(...path: readonly string[]): readonly string[] {
  let at = JSON.parse(renderManifestSchema())
  for (const key of path) at = key === '[]' ? at.items : at.properties[key]
  return Object.keys(at.properties)
}

/** What stands in the first cells of the document's tables. */
const told = [...TEXT.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell]) => cell)

describe('the document of the manifest', () => {
  it.each(blocks.filter((block) => block !== WRONG && !block.startsWith('#')).flatMap(wholes))(
    'shows what the desk takes: %j',
    (text) => {
      expect(said(text)).toEqual([])
    },
  )

  it('shows what the desk says of a wrong one, word by word', () => {
    const [, shown = ''] = /the parser says:\n\n```\n([\s\S]*?)```/.exec(TEXT) ?? []
    expect(said(WRONG).map((issue) => issue.replace(/^line /, ''))).toEqual(shown.trimEnd().split('\n'))
  })

  it('tells every key, and none that is not there', () => {
    const nested = { target: 'target', image: 'image', deadlines: 'deadlines', approvals: 'approvals' }
    const top = keysAt().flatMap((key) => (key in nested ? keysAt(key).map((inner) => `${key}.${inner}`) : [key]))
    const analysis = keysAt('analysis').flatMap((key) =>
      key === 'onInconclusive' || key === 'onBlind'
        ? keysAt('analysis', key).map((inner) => `analysis.${key}.${inner}`)
        : [`analysis.${key}`],
    )
    const wanted = [
      ...top.filter((key) => key !== 'strategy' && key !== 'analysis'),
      'strategy.canary.steps',
      ...analysis,
    ]
    const dotted = told.slice(0, told.indexOf('watch') + 1)
    expect([...dotted].sort()).toEqual([...wanted].sort())
    const kpi = keysAt('analysis', 'kpis', '[]')
    expect(
      told
        .slice(told.indexOf('watch') + 1)
        .slice(0, kpi.length)
        .sort(),
    ).toEqual([...kpi].sort())
  })
})
