import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { AUDIT_KINDS } from '../../lib/core/audit.ts'
import { PROBLEM_TITLES } from '../../lib/door/problem.ts'
import { ROUTES, type Route } from '../../lib/door/routes.ts'
import { COMMAND_VERBS } from '../../lib/schema/command.ts'
import { SETTING_NAMES } from '../../lib/schema/settings.ts'
import { renderApiDocs } from '../../scripts/openapi.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Every Markdown document of the repository that readers are meant to follow. */
const DOCUMENTS = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && !path.startsWith('test/') && existsSync(join(ROOT, path)))

/** First cells of the table rows below a heading of a document, up to the next heading. */
function firstCells(path: string, heading: string): readonly string[] {
  const text = read(path)
  const from = text.indexOf(`\n## ${heading}\n`)
  expect(from, `${path} has no heading "${heading}"`).toBeGreaterThan(-1)
  const rest = text.slice(from + 4)
  const end = rest.indexOf('\n## ')
  const rows = (end < 0 ? rest : rest.slice(0, end)).split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) => row.slice(2).split(' | ').slice(0, 2).join(' '))
}

/** Names in back-quotes within a text. */
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '')

/** The words of a union of string literals in a source file. */
function literals(path: string, type: string): readonly string[] {
  const declared = new RegExp(`export type ${type} =([^/]+?)\\n(?:\\n|export )`).exec(read(path))?.[1] ?? ''
  const words = [...declared.matchAll(/'([a-z-]+)'/g)].map(([, word]) => word ?? '')
  expect(words.length, `${type} in ${path}`).toBeGreaterThan(1)
  return words
}

/** Headings of a document as the anchors that links use. */
function anchors(path: string): readonly string[] {
  const headings = [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading ?? '')
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('the README tells every HTTP route with its methods, and no other', () => {
  const registered = readdirSync(join(ROOT, 'functions')).flatMap((name) => {
    const source = read(`functions/${name}`)
    const route = /route: '([^']+)'/.exec(source)?.[1]
    const door = /app\.http\('([^']+)'/.exec(source)?.[1]
    const named = /methods: \[([^\]]+)\]/.exec(source)?.[1]?.replaceAll("'", '')
    const methods =
      named ??
      Object.values<Route>(ROUTES)
        .flatMap((one) => (one.door === door ? [one.method] : []))
        .join(', ')
    return route === undefined ? [] : [`\`/api/${route}\` ${methods}`]
  })
  expect([...firstCells('README.md', 'The HTTP API')].sort()).toEqual(registered.sort())
})

test('the README tells every setting, and no other', () => {
  const told = firstCells('README.md', 'Settings').map((cell) => quoted(cell)[0])
  expect(told).toEqual([...SETTING_NAMES])
})

test('every kind of problem has a page, and every page a kind', () => {
  const pages = readdirSync(join(ROOT, 'docs/problems')).filter((name) => name !== 'README.md')
  expect(pages.sort()).toEqual(
    Object.keys(PROBLEM_TITLES)
      .map((kind) => `${kind}.md`)
      .sort(),
  )
})

test('the documents that are made of the API are what it would make today; npm run openapi makes them', () => {
  for (const [path, text] of renderApiDocs()) expect(read(`docs/${path}`) === text, path).toBe(true)
})

test('the glossary tells every kind of audit row, and no other', () => {
  const told = firstCells('GLOSSARY.md', 'Kinds of audit rows').flatMap((cell) => quoted(cell))
  expect([...told].sort()).toEqual([...AUDIT_KINDS].sort())
})

test('the glossary tells every phase and outcome, and operations every reason of a pause', () => {
  const phases = [
    ...read('lib/core/rollout.ts').matchAll(/\{ readonly kind: '([a-z-]+)'|^ {6}readonly kind: '([a-z-]+)'/gm),
  ]
    .map(([, a, b]) => a ?? b ?? '')
    .filter((word) => word !== '')
  expect(phases).toHaveLength(6)
  const told = firstCells('GLOSSARY.md', 'Phases of a rollout').map((cell) => quoted(cell)[0])
  expect([...told].sort()).toEqual([...phases, ...literals('lib/core/rollout.ts', 'Outcome')].sort())
  const reasons = firstCells('docs/operations.md', 'What each pause wants').map((cell) => quoted(cell)[0])
  expect([...reasons].sort()).toEqual([...literals('lib/core/rollout.ts', 'PauseReason')].sort())
})

test('operations tells every command, and no other', () => {
  const told = firstCells('docs/operations.md', 'Commands').map((cell) => quoted(cell)[0])
  expect([...told].sort()).toEqual([...COMMAND_VERBS].sort())
})

test('every link of a document leads to a file and a heading that exist', () => {
  const dead = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      if (/^[a-z]+:/.test(link)) return []
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      if (!existsSync(join(ROOT, target))) return [`${path}: ${link}`]
      return anchor === undefined || anchors(target).includes(anchor) ? [] : [`${path}: ${link}`]
    }),
  )
  expect(dead).toEqual([])
})

test('every file that a document names in back-quotes exists', () => {
  const named = DOCUMENTS.flatMap((path) =>
    quoted(read(path).replace(/^```[\s\S]*?^```/gm, ''))
      .filter(
        (name) => /^(?:lib|functions|sim|test|scripts|docs|bench)\/[\w./-]+$/.test(name) && !name.includes('NNNN'),
      )
      .map((name) => ({ path, name })),
  )
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter(({ name }) => !existsSync(join(ROOT, name)))).toEqual([])
})

test('every npm script that a document names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const named = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/npm (?:run (?:-s )?([a-z-]+)|(start|test)\b)/g)].map(([, run, short]) => ({
      path,
      name: run ?? short ?? '',
    })),
  )
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter(({ name }) => !(name in scripts))).toEqual([])
})
