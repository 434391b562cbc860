import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { SETTING_NAMES } from '../../lib/schema/settings.ts'

const ROOT = join(import.meta.dirname, '..', '..')

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}

const sources = (...folders: string[]) =>
  folders.flatMap((folder) => filesBelow(join(ROOT, folder))).filter((path) => path.endsWith('.ts'))

test('every export of core, ports, errors, engine, adapters and schema opens with a sentence', () => {
  const bare = sources('lib').flatMap((path) => {
    const lines = readFileSync(path, 'utf8').split('\n')
    return lines.flatMap((line, index) => {
      if (!/^export (?:async )?(?:function|interface|type|const|class) \w/.test(line)) return []
      const above = lines[index - 1] ?? ''
      const isData =
        /^export type \w+ =/.test(line) ||
        /^export const [A-Z_]+\b/.test(line) ||
        /^export interface \w+(Options|Read)\b/.test(line)
      return above.trimEnd().endsWith('*/') || isData ? [] : [`${relative(ROOT, path)}: ${line}`]
    })
  })
  expect(bare).toEqual([])
})

test('every setting that is read stands in the sample file, and no other', () => {
  const sample = JSON.parse(readFileSync(join(ROOT, 'local.settings.sample.json'), 'utf8')) as {
    Values: Record<string, string>
  }
  const isOurs = (name: string) => name.startsWith('SLIPWAY_') || SETTING_NAMES.some((setting) => setting === name)
  const ours = Object.keys(sample.Values).filter(isOurs)
  expect(ours.sort()).toEqual([...SETTING_NAMES].sort())
})

test('settings are read in one place only', () => {
  const readers = sources('lib', 'functions').filter((path) => readFileSync(path, 'utf8').includes('process.env'))
  expect(readers.map((path) => relative(ROOT, path))).toEqual(['lib/wiring.ts'])
})

test('nothing in lib or functions asks whether it runs locally', () => {
  for (const path of sources('lib', 'functions'))
    expect(readFileSync(path, 'utf8')).not.toMatch(/\b(isLocal|NODE_ENV|localhost)\b/)
})

test('no test is skipped without a reason, none runs alone, none is tried again', () => {
  for (const path of sources('test')) {
    if (path === import.meta.filename) continue
    expect(readFileSync(path, 'utf8')).not.toMatch(/\.(only|todo)\(|retry: [1-9]/)
  }
})

test('the tree below test mirrors lib', () => {
  const rooms = ['core', 'schema', 'engine', 'adapters', 'door']
  for (const room of rooms) expect(existsSync(join(ROOT, 'test', room))).toBe(true)
})

test('files that are committed name no machine and no registry host', () => {
  const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '')
  for (const path of files) {
    if (path.startsWith('test/') || !existsSync(join(ROOT, path))) continue
    const text = readFileSync(join(ROOT, path), 'utf8')
    expect({ path, found: /"resolved": "http|\/root\/|\/home\/\w/.exec(text)?.[0] ?? null }).toEqual({
      path,
      found: null,
    })
  }
})
