import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildDashboard } from '../../scripts/build-dashboard.ts'

const MOST_BYTES = 70 * 1024

test('all scripts together are at most 70 KB packed, nothing stands inline, and names say what is in the files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-size-'))
  try {
    await buildDashboard(folder)
    const names = await readdir(folder)
    const packed = names.filter((name) => name.endsWith('.js.gz'))
    const sizes = await Promise.all(packed.map(async (name) => (await readFile(join(folder, name))).byteLength))
    const sum = sizes.reduce((all, size) => all + size, 0)
    expect(packed.length).toBeGreaterThan(0)
    expect(sum).toBeLessThanOrEqual(MOST_BYTES)
    const page = await readFile(join(folder, 'index.html'), 'utf8')
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|\{\{/)
    for (const name of names.filter((each) => /\.(js|css|svg)$/.test(each)))
      expect(name).toMatch(/-[A-Za-z0-9]{8}\.\w+$/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
