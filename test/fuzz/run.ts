import { drawsOf, mutateText, mutateValue } from './mutate.ts'

/** One parser of outside input. `run` may return anything; what it throws is a finding, unless `isFine` says otherwise. */
export interface Target {
  readonly name: string
  /** Whether the parser takes text, or a value that was already parsed. */
  readonly takes: 'text' | 'value'
  readonly seeds: readonly unknown[]
  readonly run: (input: never) => unknown
  readonly isFine?: (error: unknown) => boolean
}

/** An input that a parser did not bear, and how to see it again. */
export interface Finding {
  readonly target: string
  readonly index: number
  readonly what: string
  readonly again: string
}

/** Runs `count` inputs of a target from the index `from`, all drawn from the seed; at most ten findings are kept. */
export function fuzz(target: Target, seed: number, from: number, count: number): readonly Finding[] {
  const found: Finding[] = []
  const clean = Reflect.ownKeys(Object.prototype).length
  for (let index = from; index < from + count && found.length < 10; index += 1) {
    const what = attempt(target, inputOf(target, seed, index), clean)
    const again = `npm run fuzz -- --target ${target.name} --seed ${seed} --from ${index} --count 1`
    if (what !== null) found.push({ target: target.name, index, what, again })
  }
  return found
}

/** The input of an index, the same for ever while the seeds of the target stay. */
function inputOf({ seeds, takes }: Target, seed: number, index: number): unknown {
  const draw = drawsOf(seed, index)
  const value = seeds[draw(seeds.length)]
  if (takes === 'value') return mutateValue(value, draw)
  const text = String(value)
  return mutateText(text, String(seeds[draw(seeds.length)]), draw)
}

function attempt({ run, isFine }: Target, input: unknown, clean: number): string | null {
  try {
    run(input as never)
  } catch (error) {
    if (isFine?.(error) !== true) return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
  return Reflect.ownKeys(Object.prototype).length === clean ? null : 'Object.prototype was changed'
}
