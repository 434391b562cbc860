import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Each test that docs/security.md names, with its file. */
function witnesses(): readonly { readonly file: string; readonly name: string }[] {
  const cells = read('docs/security.md').matchAll(/`(test\/[\w./-]+)`((?:, "[^"]+")+)/g)
  return [...cells].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file, name })),
  )
}

test('every test that the security table names is there, under that name', () => {
  const all = witnesses()
  expect(all.length).toBeGreaterThan(40)
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
