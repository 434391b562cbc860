import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DigestList } from '../../lib/api.ts'
import { manifest } from './manifests.ts'
import { expectProblem, itemsOf, openScene, type Scene, until } from './scene.ts'

const MASTER = 'the-master-key-of-this-test'
const DIGESTS = '/v1/audit/digests?environment=production'

let scene: Scene
beforeAll(async () => {
  scene = await openScene([manifest({ name: 'pricing' })], { HOST_MASTER_KEY: MASTER })
}, 120_000)
afterAll(() => scene?.close())

/** Runs the timer now, as an operator of the function app may. */
async function runTimer(): Promise<void> {
  const url = scene.stack.local.api.replace(/\/api$/, '/admin/functions/audit-digest')
  const headers = { 'content-type': 'application/json', 'x-functions-key': MASTER }
  const { status } = await fetch(url, { method: 'POST', headers, body: '{"input":""}' })
  expect(status).toBe(202)
}

/** What the script in the documentation says of an answer of the API. */
async function scriptSays(answer: unknown): Promise<string> {
  const document = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'audit.md'), 'utf8')
  const script = /```js\n([\s\S]+?)```/.exec(document)?.[1] ?? ''
  const folder = await mkdtemp(join(tmpdir(), 'slipway-digests-'))
  try {
    await writeFile(join(folder, 'verify-digests.mjs'), script)
    await writeFile(join(folder, 'digests.json'), JSON.stringify(answer))
    const run = promisify(execFile)(process.execPath, ['verify-digests.mjs', 'digests.json'], { cwd: folder })
    return await run.then(
      ({ stdout }) => stdout,
      (error: Error) => error.message,
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('the shown digests are proven by the shown key and nothing else', async () => {
  await runTimer()
  await until('the first digest is there', async () => itemsOf(await scene.api(DIGESTS)).length > 0)
  const answer = (await scene.api(DIGESTS)).json as unknown as DigestList
  const [newest] = answer.items
  if (newest === undefined) throw new Error('a digest was expected')
  expect(newest.heads).toMatchObject([{ entityId: 'production/pricing', seq: 1 }])
  expect(newest.signature.keyId).toBe(answer.keys[0]?.kid)
  expect(await scriptSays(answer)).toBe(`proven up to digest ${newest.number} of ${answer.items.length}\n`)
  const first = answer.items.at(-1) ?? newest
  const changed = { ...first, heads: [] }
  expect(await scriptSays({ ...answer, items: [changed] })).toContain('was changed')
  const { value } = first.signature
  const forged = { ...first.signature, value: `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}` }
  expect(await scriptSays({ ...answer, items: [{ ...first, signature: forged }] })).toContain('is not signed by')
})

test('an environment must be named and known, and a page mark must be of this list', async () => {
  expectProblem(await scene.api('/v1/audit/digests'), 422, 'invalid')
  expectProblem(await scene.api('/v1/audit/digests?environment=nowhere'), 404, 'not-found')
  expectProblem(await scene.api(`${DIGESTS}&from=rubbish`), 400, 'bad-request')
})
