import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { aPlan, arm, times, walk } from './replay-scene.ts'

interface Stream {
  readonly name: string
  readonly horizon: number
  readonly warm: number
  readonly alpha: number
  readonly phi: number
  readonly nc: readonly number[]
  readonly nb: readonly number[]
  readonly xc: readonly number[]
  readonly xb: readonly number[]
  readonly sc: readonly number[]
  readonly sb: readonly number[]
  readonly abort_minute: number
  readonly first_hold_minute: number
}

const FILE = join(import.meta.dirname, 'judge', 'vectors', 'judge-streams.json')
const BAKED = 175
/** Streams that a manifest can be written for, and that are decided while its step bakes. */
const STREAMS = (JSON.parse(readFileSync(FILE, 'utf8')) as readonly Stream[]).filter(
  ({ horizon, warm, alpha, phi, abort_minute }) =>
    horizon === 240 && warm === 5 && alpha === 0.002 && phi === 1 && abort_minute < BAKED,
)

/**
 * The streams were counted with a horizon of 240 minutes, the two KPIs of a manifest without any (so α is .002 and .001),
 * and φ = 1. A manifest gets that horizon from its bake and its longest extension: 175 + 60 + 5 of warm-up. φ = 1 needs a
 * history, an hour in which every minute is like the next.
 */
const PLAN = aPlan('[ { setWeight: 10 }, { bake: 175m } ]', '{ onInconclusive: { after: 60m } }')

function replayed(stream: Stream, { history }: { readonly history: boolean }) {
  const of = (bad: readonly number[], total: readonly number[]) => arm(bad.map((x, t) => [x, total[t] ?? 0] as const))
  const before = (bad: number) => (history ? arm(times(60, [bad, 3000]), -60) : [])
  return walk(
    PLAN,
    new Map([
      ['errors', { canary: of(stream.xc, stream.nc), baseline: new Map([...before(2), ...of(stream.xb, stream.nb)]) }],
      ['p95', { canary: of(stream.sc, stream.nc), baseline: new Map([...before(50), ...of(stream.sb, stream.nb)]) }],
    ]),
  )
}

describe.each(STREAMS)('the stream "$name"', (stream) => {
  const timeline = replayed(stream, { history: true })

  test('ends where the reference ends it', () => {
    if (stream.abort_minute >= 0)
      expect(timeline).toMatchObject({ outcome: 'rolled-back', endedAtMinute: stream.abort_minute })
    // A plan knows no judge that goes on after the pass: with the bake over, the canary is promoted.
    else expect(timeline).toMatchObject({ outcome: 'promoted', endedAtMinute: 174 })
  })

  test('is held where the reference first holds it', () => {
    const first = timeline.verdicts.find(({ kind }) => kind === 'suspect' || kind === 'fail')?.minute ?? -1
    expect(first).toBe(stream.first_hold_minute)
  })

  test('is never judged more harshly without a history', () => {
    const careful = replayed(stream, { history: false })
    if (timeline.outcome === 'promoted') expect(careful).toMatchObject({ outcome: 'promoted' })
    else expect(careful.endedAtMinute ?? 0).toBeGreaterThanOrEqual(timeline.endedAtMinute ?? 0)
  })
})
