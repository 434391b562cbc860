import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { defineConfig } from 'vitest/config'

const root = process.cwd()
const planted = process.env.SLIPWAY_MUTATION_PLANTED ?? ''

export default defineConfig({
  root,
  // Serves the copies that hold the mutants in place of the files themselves.
  plugins: [
    {
      name: 'mutants',
      enforce: 'pre',
      load(id) {
        const [path = ''] = id.split('?')
        const copy = join(planted, relative(root, path))
        return existsSync(copy) ? readFileSync(copy, 'utf8') : null
      },
    },
  ],
  test: {
    runner: './scripts/mutation/runner.ts',
    // The code with the mutants in it is slow, and is once run soundly through every test.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // The copies change while the files that they stand for do not: what was transformed once must not be taken again.
    fsModuleCache: false,
    retry: 0,
    fileParallelism: false,
    maxWorkers: 1,
    reporters: ['dot'],
    onConsoleLog: () => false,
  },
})
