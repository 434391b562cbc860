import { absorb, findingOf, type Sequence, startSequence } from '../../lib/core/judge/sequence.ts'
import { generate, type Stream } from '../../sim/streams/generate.ts'
import { SCENARIOS } from '../../sim/streams/scenarios.ts'
import { atMost, type Figure, median, round, told } from '../report.ts'
import { minuteAt, testOf } from './ours.ts'

const BLOCK = 288
const ROUNDS = 20
const MOST_MICROSECONDS = 20
/** State may be longer at its end by a few digits of its numbers. */
const MOST_GROWTH = 1.25

/** What one look at one KPI costs, beside the exponentials that it cannot do without, and how large its state is. */
export function costFigures(): readonly Figure[] {
  const scenario = SCENARIOS.H1
  if (scenario === undefined) throw new Error('There is no scenario H1.')
  const stream = generate(scenario, 1)
  const ticks: number[] = []
  const floors: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const { blocks, exponentials } = timeSoak(stream)
    // The first rounds warm the machine up.
    if (round >= ROUNDS / 4) ticks.push(...blocks)
    floors.push(timeExponentials(exponentials))
  }
  const tick = median(ticks)
  const floor = median(floors)
  const [hour, end] = [sizeAfter(stream, 60), sizeAfter(stream, scenario.minutes)]
  return [
    atMost('one tick of one KPI, median', tick, MOST_MICROSECONDS, ' µs'),
    told('as many exponentials alone', `${round(floor)} µs`),
    told('the tick against them', round(tick / floor)),
    told('state of one KPI after an hour, as JSON', `${round(hour)} bytes`),
    told('state of one KPI after 48 hours', `${round(end)} bytes`),
    atMost('the latter against the former', end / hour, MOST_GROWTH),
  ]
}

function timeSoak(stream: Stream): { readonly blocks: readonly number[]; readonly exponentials: number } {
  const test = testOf('errors', stream.history)
  const blocks: number[] = []
  let sequence = startSequence(test)
  for (let start = 0; start < stream.scenario.minutes; start += BLOCK) {
    const began = performance.now()
    for (let at = start; at < start + BLOCK; at += 1) {
      sequence = absorb(test, sequence, minuteAt(stream, 'errors', at))
      if (findingOf(test, sequence).kind === 'fail') throw new Error('A healthy soak was aborted.')
    }
    blocks.push(((performance.now() - began) * 1000) / BLOCK)
  }
  return { blocks, exponentials: test.ratios.absolute.length + test.ratios.relative.length }
}

/** Microseconds of so many exponentials. */
function timeExponentials(count: number): number {
  const times = 10_000
  let sum = 0
  const began = performance.now()
  for (let at = 0; at < times * count; at += 1) sum += Math.exp(-(at % 97) / 10)
  const took = ((performance.now() - began) * 1000) / times
  // The sum is looked at, so that the work cannot be left out.
  return sum > 0 ? took : Number.NaN
}

function sizeAfter(stream: Stream, minutes: number): number {
  const test = testOf('errors', stream.history)
  let sequence: Sequence = startSequence(test)
  for (let at = 0; at < minutes; at += 1) sequence = absorb(test, sequence, minuteAt(stream, 'errors', at))
  return JSON.stringify(sequence).length
}
