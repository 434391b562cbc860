import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const root = process.cwd()
const planted = process.env.SLIPWAY_MUTATION_PLANTED ?? ''

/** Tests of one part come before those that go through many: what they find need not be tried with the others. */
class InnermostFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1))
  }
}

/** Properties run for long, and the engine's tests go through all of the core; the first of them tells the most, word by word. */
function rank({ moduleId }: TestSpecification): number {
  const isEngine = moduleId.includes('/test/engine/')
  return (
    (isEngine ? 2 : 0) + (moduleId.includes('property') ? 1 : 0) - (moduleId.includes('/engine/told.test.') ? 0.5 : 0)
  )
}

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
    sequence: { sequencer: InnermostFirst },
    fileParallelism: false,
    maxWorkers: 1,
    reporters: ['dot'],
    onConsoleLog: () => false,
  },
})
