import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Each test that a page names, with its file. */
function witnesses(page: string): readonly { readonly file: string; readonly name: string }[] {
  const cells = read(page).matchAll(/`(test\/[\w./-]+)`((?:, "[^"]+")+)/g)
  return [...cells].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file, name })),
  )
}

test.each([
  ['docs/security.md', 40],
  ['docs/reliability.md', 25],
])('every test that %s names is there, under that name', (page, least) => {
  const all = witnesses(page)
  expect(all.length).toBeGreaterThan(least)
  const gone = all.filter(({ file, name }) => !read(file).includes(name))
  expect(gone).toEqual([])
})

test('every line of the security table names a test, or says that it is not held yet or not tested apart', () => {
  const rows = read('docs/security.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| Line'))
  const bare = rows.filter((line) => !line.includes('`test/') && !/\| (?:Not yet|Held by)/.test(line))
  expect(bare).toEqual([])
})
