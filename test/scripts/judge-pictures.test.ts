import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drawAll, PICTURES, PICTURES_FOLDER } from '../../scripts/judge-pictures.ts'

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'how-the-judge-works.md'), 'utf8')
const NAMES = Object.keys(PICTURES)
let folder = ''
const figuresIn = (text: string): readonly string[] => text.match(/\d[\d.,]*\d|\d/g) ?? []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-pictures-'))
  drawAll(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(NAMES)('docs/pictures/%s is what npm run pictures draws, byte by byte', (name) => {
  expect(readFileSync(join(folder, name), 'utf8')).toBe(readFileSync(join(PICTURES_FOLDER, name), 'utf8'))
})

test('no picture lies about that the script does not draw', () => {
  // Those of scale are drawn by npm run plots, from figures that were measured.
  const drawn = readdirSync(PICTURES_FOLDER).filter((name) => name !== 'dashboard' && !name.startsWith('scale-'))
  expect(drawn.sort()).toEqual([...NAMES].sort())
})

test.each(NAMES)('the page shows %s, and every figure in its words stands in the picture', (name) => {
  const words = new RegExp(`!\\[([^\\]]+)\\]\\(pictures/${name}\\)`).exec(PAGE)?.[1] ?? ''
  const drawn = readFileSync(join(folder, name), 'utf8')
  const said = [...drawn.matchAll(/<(?:title|desc|text)[^>]*>([^<]*)/g)].flatMap(([, text]) => figuresIn(text ?? ''))
  expect(figuresIn(words).length).toBeGreaterThan(0)
  expect(said).toEqual(expect.arrayContaining([...figuresIn(words)]))
})

test.each(NAMES)('%s can be read in the dark and by those who cannot see it', (name) => {
  const drawn = readFileSync(join(folder, name), 'utf8')
  expect(drawn).toContain('prefers-color-scheme:dark')
  expect(drawn).toMatch(/<title id="title">[^<]{20,}<\/title>\n<desc id="told">[^<]{60,}<\/desc>/)
  expect(drawn).not.toMatch(/NaN|undefined|Infinity/)
})
