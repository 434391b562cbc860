import { describe, expect, test } from 'vitest'
import { advance, type EProcess, evidence, type Prior, startProcess } from '../../../lib/core/judge/e-process.ts'
import { llrAbsolute, logOdds } from '../../../lib/core/judge/llr.ts'

const PRIOR: Prior = { first: 0.5, horizon: 60, goesOn: true }

/** A process on one effect that saw nothing for or against it: its sum is all weight that was spent. */
function idle(prior: Prior, buckets: number): EProcess {
  let process = startProcess(1)
  for (let bucket = 0; bucket < buckets; bucket += 1) process = advance(process, prior, [0], 1, 6)
  return process
}

describe('the weight of the prior', () => {
  test('is spent by the end of the horizon', () => {
    expect(idle(PRIOR, 60).sums[0]).toBeCloseTo(1, 12)
    expect(evidence(idle(PRIOR, 60), PRIOR)).toBeCloseTo(1, 12)
  })

  test('ends there where a prior does not go on', () => {
    expect(idle({ first: 0.5, horizon: 60 }, 6000).sums[0]).toBeCloseTo(1, 12)
  })

  test('goes on for ever, and never comes to more than twice itself', () => {
    expect(idle(PRIOR, 120).sums[0]).toBeCloseTo(1.5, 12)
    expect(idle(PRIOR, 240).sums[0]).toBeCloseTo(1.75, 12)
    expect(idle(PRIOR, 480).sums[0]).toBeCloseTo(1.875, 12)
    expect(idle(PRIOR, 60_000).sums[0]).toBeLessThan(2)
  })
})

test('a fault long after the plan’s end is still found within minutes', () => {
  const healthy = llrAbsolute(0, 300, ...logOdds(0.001, 0.016))
  const faulty = llrAbsolute(5, 300, ...logOdds(0.001, 0.016))
  let process = startProcess(1)
  for (let bucket = 0; bucket < 2000; bucket += 1) process = advance(process, PRIOR, [healthy], 1, 6)
  let minutes = 0
  while (evidence(process, PRIOR) < 1000) {
    process = advance(process, PRIOR, [faulty], 1, 6)
    minutes += 1
  }
  expect(minutes).toBeLessThanOrEqual(4)
})
