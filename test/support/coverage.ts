import v8 from '@vitest/coverage-v8'

/**
 * V8's coverage for the tests that share a process, and none for those that stand apart: counting makes a simulated story
 * twice as slow and costs each file the better part of a second. Nine tenths of lib are covered without; what only those
 * reach (identity, secrets, signing, the bell, wiring) counts as never run.
 */
const isCounted = process.env.SLIPWAY_TEST_COVERAGE !== 'off'

const coverage: typeof v8 = {
  startCoverage: async (options) => (isCounted ? await v8.startCoverage?.(options) : null),
  takeCoverage: async (options) => (isCounted ? await v8.takeCoverage?.(options) : null),
  stopCoverage: async (options) => (isCounted ? await v8.stopCoverage?.(options) : null),
  getProvider: () => v8.getProvider(),
}

export default coverage
