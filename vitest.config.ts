import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // A flaky test is a bug: it is found and mended, never run again until it is green.
    retry: 0,
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
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
