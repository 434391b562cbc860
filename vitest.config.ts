import { defineConfig } from 'vitest/config'

/** Tests of these leave nothing behind: they share a process, and load the product once. */
const SHARED = [
  'test/{core,schema,engine,scripts,door}/**/*.test.ts',
  // Not of identities: their libraries keep tokens for the whole process.
  'test/adapters/{apps,metrics,notify,registry,store}/**/*.test.ts',
  'test/sim/{checks,world,history,tables,streams,trial}/**/*.test.ts',
  'test/sim/*.test.ts',
  'test/sim/azure/{access-log,arm*,description,exposition,image-profile,ingress,kql,metrics-apps,split,timespan}.test.ts',
]
const ALL = ['test/**/*.test.ts']

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // A flaky test is a bug: it is found and mended, never run again until it is green.
    retry: 0,
    // Two cores bear three: many tests wait for processes, timers and the network of this machine.
    maxWorkers: 3,
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      {
        extends: true,
        test: {
          name: 'apart',
          include: ALL,
          exclude: [...SHARED, 'node_modules/**'],
          env: { SLIPWAY_TEST_COVERAGE: 'off' },
        },
      },
    ],
    coverage: {
      provider: 'custom',
      customProviderModule: 'test/support/coverage.ts',
      include: ['lib/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: 'coverage',
      thresholds: {
        branches: 85,
        statements: 85,
        'lib/core/**': { branches: 95 },
        'lib/engine/**': { branches: 95 },
      },
    },
  },
})
