import { setImmediate } from 'node:timers/promises'
import { drawsOf, mutateText, mutateValue } from './mutate.ts'

/** One parser of outside input. `run` may return anything, now or later; what it throws is a finding, unless `isFine` says otherwise. */
export interface Target {
  readonly name: string
  /** Whether the parser takes text, or a value that was already parsed. */
  readonly takes: 'text' | 'value'
  readonly seeds: readonly unknown[]
  readonly run: (input: never) => unknown
  readonly isFine?: (error: unknown) => boolean
  /** How many inputs each run of the tests gives it; 500 unless told otherwise. */
  readonly count?: number
}

/** An input that a parser did not bear, and how to see it again. */
export interface Finding {
  readonly target: string
  readonly index: number
  readonly what: string
  readonly again: string
}

/** What is told while a target runs: the input it is at, so that one that never ends is known from outside. */
export type Watcher = (index: number, tookMs: number) => void

/** Inputs between two turns of the event loop: what is cleaned up there (timers, what the collector hands over) would pile up without them. */
const TURN = 100

/** Runs `count` inputs of a target from the index `from`, all drawn from the seed; at most ten findings are kept. */
export async function fuzz(
  target: Target,
  seed: number,
  from: number,
  count: number,
  watch: Watcher = () => {},
): Promise<readonly Finding[]> {
  const found: Finding[] = []
  const clean = Reflect.ownKeys(Object.prototype).length
  for (let index = from; index < from + count && found.length < 10; index += 1) {
    if (index % TURN === 0) await setImmediate()
    const input = inputOf(target, seed, index)
    const began = performance.now()
    const what = await attempt(target, input, clean)
    watch(index, performance.now() - began)
    if (what !== null) found.push({ target: target.name, index, what, again: againText(target.name, seed, index) })
  }
  return found
}

/** The command that shows one input again. */
export function againText(target: string, seed: number, index: number): string {
  return `npm run fuzz -- --target ${target} --seed ${seed} --from ${index} --count 1`
}

/** The input of an index, the same for ever while the seeds of the target stay. */
function inputOf({ seeds, takes }: Target, seed: number, index: number): unknown {
  const draw = drawsOf(seed, index)
  const value = seeds[draw(seeds.length)]
  if (takes === 'value') return mutateValue(value, draw)
  const text = String(value)
  return mutateText(text, String(seeds[draw(seeds.length)]), draw)
}

async function attempt({ run, isFine }: Target, input: unknown, clean: number): Promise<string | null> {
  try {
    const answer = run(input as never)
    if (answer instanceof Promise) await answer
  } catch (error) {
    if (isFine?.(error) !== true) return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
  return Reflect.ownKeys(Object.prototype).length === clean ? null : 'Object.prototype was changed'
}
