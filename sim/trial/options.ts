import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/** What `npm run sim` was asked for. */
export interface SimOptions {
  readonly seeds: number
  readonly from: number
  /** File that gets every event of every seed; null = none. */
  readonly trace: string | null
  /** Ids of the items of the scenario that are kept; null = all. */
  readonly only: readonly number[] | null
  /** File with a whole scenario, lived instead of a drawn one; null = drawn. */
  readonly scenario: string | null
  /** The plugs beneath the engine; null = the simulator's, and for one seed of `realEvery` the real ones as well. */
  readonly adapters: 'sim' | 'real' | 'both' | null
  /** 0 = none. */
  readonly realEvery: number
  readonly shrink: boolean
  readonly jobs: number
  readonly json: boolean
  readonly keep: boolean
}

/** How the command is called. */
export const USAGE = `npm run sim -- [--seeds N] [--from S] [--trace FILE] [--only 3,17] [--scenario FILE] [--adapters sim|real|both] [--real-every N] [--shrink] [--jobs J] [--json] [--keep]
  --seeds N        how many seeds (100)
  --from S         the first of them (1)
  --trace FILE     write every event of every seed as JSON lines; docs/trace.md tells what they say
  --only 3,17      of one seed, only these items of its scenario ('none': no item)
  --scenario FILE  live this scenario instead of a drawn one
  --adapters WHICH the plugs beneath the engine: the simulator's, the real ones with their SDKs, or one after the other
                   (sim, and one seed of N on the real ones as well, as --real-every says)
  --real-every N   N of that: a life on the real plugs costs as much as ten (10; 0: none)
  --shrink         say of each broken promise the fewest items of the scenario that still break it
  --jobs J         child processes (one per core)
  --json           print the summary as JSON
  --keep           print one seed's scenario as a file for sim/trial/kept/, or how that is done
`

/** Reads the arguments; a string says what is wrong with them. */
export function readOptions(argv: readonly string[]): SimOptions | string {
  try {
    return check(parse(argv))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const places = { trace: text, scenario: text, adapters: text, 'real-every': text }
  const named = { seeds: text, from: text, only: text, jobs: text, ...places }
  const { values } = parseArgs({ args: [...argv], options: { ...named, shrink: flag, json: flag, keep: flag } })
  return values
}

function check(values: ReturnType<typeof parse>): SimOptions {
  const { trace = null, scenario = null, shrink, json, keep } = values
  const only = values.only === undefined ? null : idsIn(values.only)
  const adapters = adaptersIn(values.adapters ?? (trace === null ? null : 'sim'))
  const one = only !== null || scenario !== null || keep
  const seeds = wholeNumber('--seeds', values.seeds ?? (one ? '1' : '100'), 1)
  const from = wholeNumber('--from', values.from ?? '1', 0)
  const realEvery = wholeNumber('--real-every', values['real-every'] ?? '10', 0)
  const jobs = wholeNumber('--jobs', values.jobs ?? String(availableParallelism()), 1)
  if (!Number.isSafeInteger(from + seeds)) throw new Error('--from and --seeds: the last seed is too large a number')
  if (jobs > 256) throw new Error(`--jobs: at most 256 processes, not ${jobs}`)
  if (one && seeds !== 1)
    throw new Error('--only, --scenario and --keep are about one seed: say --seeds 1, or leave it out')
  if (scenario !== null && (values.from !== undefined || values.seeds !== undefined))
    throw new Error('--scenario brings its own seed: leave out --seeds and --from')
  if (adapters === 'both' && (one || trace !== null))
    throw new Error('--adapters both: one trace, and one kept life, is of one kind of plugs; say sim or real')
  if (values['real-every'] !== undefined && (adapters !== null || one))
    throw new Error('--real-every is for many seeds on both kinds of plugs: leave out --adapters, --trace and --only')
  return { seeds, from, trace, only, scenario, adapters, realEvery, shrink, jobs, json, keep }
}

function adaptersIn(text: string | null): SimOptions['adapters'] {
  if (text === null || text === 'sim' || text === 'real' || text === 'both') return text
  throw new Error(`--adapters: '${text}' is none of sim, real and both`)
}

function idsIn(text: string): readonly number[] {
  return text === 'none' ? [] : text.split(',').map((id) => wholeNumber('--only', id, 0))
}

function wholeNumber(name: string, text: string, least: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`${name}: '${text}' is not a whole number of at least ${least}`)
}
