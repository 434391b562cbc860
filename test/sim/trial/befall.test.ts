import { expect, test } from 'vitest'
import { type Befallen, befall, type Wakes } from '../../../sim/trial/befall.ts'
import type { TroubleItem } from '../../../sim/trial/scenario.ts'

/** As much of a trial as these troubles change. */
function given() {
  const wakes: Wakes = { timer: 'on', bell: 'on', race: null, stall: null, gone: false }
  const metrics = { ailment: null, lagMs: 0 }
  const post = { mood: 'well', luck: 0 }
  const workers = { count: 2, skews: [0, 0] }
  const stage = { clock: { now: () => 0 }, world: {}, bell: { deaf: false }, metrics, registry: {} }
  const on = { ground: { stage, post, manifests: [] }, workers, wakes, standing: new Map() } as unknown as Befallen
  const begin = (variant: TroubleItem['variant'], luck = 0) => {
    const item: TroubleItem = { id: 0, at: 0, service: 0, kind: 'trouble', variant, during: null, lastsMs: 1, luck }
    const end = befall(on, item)
    if (end === null) throw new Error(`${variant} does not last`)
    return end
  }
  return { wakes, metrics, post, workers, begin }
}

test('of two troubles that change the same the newest that still stands has it, whichever ends first', () => {
  const { wakes, begin } = given()
  const missed = begin('timer-missed')
  const doubled = begin('timer-doubled')
  expect(wakes.timer).toBe('doubled')
  doubled()
  expect(wakes.timer).toBe('silent')
  const again = begin('timer-doubled')
  missed()
  expect(wakes.timer).toBe('doubled')
  again()
  expect(wakes.timer).toBe('on')
})

test('each of them comes back as it was', () => {
  const { metrics, post, workers, begin } = given()
  const [late, later] = [begin('metrics-lag', 9), begin('metrics-lag', 99)]
  later()
  expect(metrics.lagMs).toBe(10)
  late()
  expect(metrics.lagMs).toBe(0)
  const [slow, down] = [begin('sink-slow', 5), begin('sink-down', 6)]
  down()
  expect(post).toEqual({ mood: 'slow', luck: 5 })
  slow()
  expect(post.mood).toBe('well')
  const [one, all] = [begin('clock-ahead', 1), begin('clock-jump', 2)]
  expect(workers.skews).toEqual([1002, 1002])
  all()
  expect(workers.skews).toEqual([0, 1001])
  one()
  expect(workers.skews).toEqual([0, 0])
})
