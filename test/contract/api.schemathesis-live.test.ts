import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { startStack } from '../../sim/start/stack.ts'
import { localToken } from '../../sim/start/token.ts'
import { missingParts, SCHEMATHESIS } from '../support/parts.ts'

const without = missingParts(SCHEMATHESIS)
const skipped = without === null ? '' : ` (skipped: ${without})`
const run = promisify(execFile)

/**
 * What is asked of every answer. Left out: `unsupported_method` sends TRACE, which the host itself answers 404, and
 * `positive_data_acceptance`, for most ids that fit their pattern name nothing.
 */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'allow_header_conformance',
  'ignored_auth',
]

/** Left out: the hooks have a key of their own and the sign-in is by browser; both have tests of their own. */
const NOT_FUZZED = '^/api/(hooks|auth|ui)/'

describe.skipIf(without !== null)(`fuzzing the API${skipped}`, { timeout: 300_000 }, () => {
  test('finds no 5xx, and no answer that the OpenAPI document does not tell', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-fuzz-'))
    // Nobody fuzzes as slowly as the rate limits ask for: those have a test of their own.
    const stack = await startStack(folder, { SLIPWAY_RATE_LIMITS: '{"perMinute": 1000000, "burst": 100000}' })
    try {
      const said = await fuzz(stack.local.api, await localToken(stack.local), folder)
      expect(said.failed ? said.text : 'nothing found').toBe('nothing found')
      expect(said.text).toMatch(/[1-9]\d{2,} generated/)
    } finally {
      await stack.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

/**
 * One worker: with two, schemathesis' threads fall over one another now and then (a KeyError of its own in the coverage
 * phase; its users met the same and made the same choice).
 */
async function fuzz(api: string, token: string, folder: string) {
  const limits = ['--phases', 'examples,coverage,fuzzing', '--max-examples', '8', '--max-time', '30', '--workers', '1']
  const args = [
    ...['run', `${api}/openapi.json`, '-H', `Authorization: Bearer ${token}`],
    ...['--checks', CHECKS.join(','), '--exclude-path-regex', NOT_FUZZED, '--continue-on-failure'],
    ...[...limits, '--generation-deterministic', '--request-timeout', '30', '--no-color'],
  ]
  try {
    const { stdout } = await run(SCHEMATHESIS.program, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 })
    return { failed: false, text: stdout }
  } catch (error) {
    const { stdout = '' } = error as { readonly stdout?: string }
    const found = stdout.indexOf('= ERRORS =') >= 0 ? stdout.indexOf('= ERRORS =') : stdout.indexOf('= FAILURES =')
    return {
      failed: true,
      text: `${stdout.slice(Math.max(0, found), found + 15_000)}\n${stdout.slice(-1500)}${String(error).slice(0, 300)}`,
    }
  }
}
