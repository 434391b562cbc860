import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { manifestText, slipway, withFiles } from './run.ts'

interface Stream {
  readonly name: string
  readonly abort_minute: number
  readonly nc: readonly number[]
  readonly nb: readonly number[]
  readonly xc: readonly number[]
  readonly xb: readonly number[]
  readonly sc: readonly number[]
  readonly sb: readonly number[]
}

const STREAMS = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'core', 'judge', 'vectors', 'judge-streams.json'), 'utf8'),
) as readonly Stream[]

/** A plan whose horizon is that of the streams, 240 minutes: bake, longest extension and warm-up together. */
const PLAN = manifestText('[ { setWeight: 10 }, { bake: 175m } ]', '{ onInconclusive: { after: 60m } }')

function csvOf(stream: Stream, history: boolean): string {
  const rows = ['minute,kpi,arm,bad,total']
  for (let minute = -60; history && minute < 0; minute += 1)
    rows.push(`${minute},errors,baseline,2,3000`, `${minute},p95,baseline,50,3000`)
  for (const [minute, total] of stream.nc.entries()) {
    rows.push(`${minute},errors,canary,${stream.xc[minute]},${total}`)
    rows.push(`${minute},errors,baseline,${stream.xb[minute]},${stream.nb[minute]}`)
    rows.push(`${minute},p95,canary,${stream.sc[minute]},${total}`)
    rows.push(`${minute},p95,baseline,${stream.sb[minute]},${stream.nb[minute]}`)
  }
  return rows.join('\n')
}

test.each(STREAMS)('the stream "$name" as a file ends where the reference ends it', async (stream) => {
  await withFiles({ 'm.yaml': PLAN, 'b.csv': csvOf(stream, true) }, async (path) => {
    const { code, out } = await slipway([
      'simulate',
      '--manifest',
      path('m.yaml'),
      '--buckets',
      path('b.csv'),
      '--json',
    ])
    const { outcome, endedAtMinute } = JSON.parse(out)
    const isAborted = stream.abort_minute >= 0
    expect({ code, outcome }).toEqual(
      isAborted ? { code: 3, outcome: 'rolled-back' } : { code: 0, outcome: 'promoted' },
    )
    // Where the reference goes on to its last minute, the plan is over with its bake.
    expect(endedAtMinute).toBe(isAborted ? stream.abort_minute : 174)
  })
})

test('without history errors are taken to be bursty, and the 1 % from the start takes a minute longer', async () => {
  const stream = STREAMS[0]
  if (stream === undefined) throw new Error('there is no stream')
  await withFiles({ 'm.yaml': PLAN, 'b.csv': csvOf(stream, false) }, async (path) => {
    const { out } = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('b.csv'), '--json'])
    expect(JSON.parse(out)).toMatchObject({ outcome: 'rolled-back', endedAtMinute: stream.abort_minute + 1 })
  })
})
