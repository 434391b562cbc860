import { expect, test } from 'vitest'
import { live } from '../../../sim/trial/live.ts'
import { drawScenario } from '../../../sim/trial/scenario.ts'
import type { TraceEvent } from '../../../sim/trial/trace.ts'

async function traceOf(seed: number): Promise<readonly TraceEvent[]> {
  const events: TraceEvent[] = []
  await live(drawScenario(seed), (event) => events.push(event))
  return events
}

test('the same seed lives the same life twice, and another seed another one', async () => {
  const first = await traceOf(7)
  expect(await traceOf(7)).toEqual(first)
  expect(await traceOf(8)).not.toEqual(first)
  expect(first.map(({ n }) => n)).toEqual(first.map((_, index) => index + 1))
  expect(first.at(-1)?.kind).toBe('end')
})
