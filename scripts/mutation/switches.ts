/**
 * What the code with the mutants in it reads and writes. Stryker's own switches keep a dictionary per test and take longer than the
 * tests themselves where a property goes through the code ten thousand times; these count in one array of whole numbers.
 */
export interface Switches {
  /** The id of the mutant that is switched on; -1 = none. */
  active: number
  /** How often the code with the active mutant ran, and how often it may. */
  ran: number
  most: number
  /** By mutant id: how often the code ran since `hits` was last emptied; null = nothing is counted. */
  hits: Uint32Array | null
}

/** The switches of this process, made when first asked for. */
export function switches(): Switches {
  const holder = globalThis as { __mutants__?: Switches }
  holder.__mutants__ ??= { active: -1, ran: 0, most: 0, hits: new Uint32Array(MOST_MUTANTS) }
  return holder.__mutants__
}

/** Ids of mutants are below this. */
export const MOST_MUTANTS = 65_536

const HEAD = `
const mutants = (globalThis.__mutants__ ??= { active: -1, ran: 0, most: 0, hits: new Uint32Array(${MOST_MUTANTS}) })
function stryMutAct_9fa48(id) {
  return mutants.active === id && isOn()
}
function isOn() {
  if (++mutants.ran > mutants.most) throw new Error('the mutant makes this run without end')
  return true
}
function stryCov_9fa48(...ids) {
  if (mutants.hits !== null) for (const id of ids) mutants.hits[id] += 1
}
`

/** Puts these switches in the place of Stryker's in a file that its instrumenter wrote. */
export function withSwitches(code: string): string {
  const start = code.indexOf('function stryNS_9fa48()')
  if (start < 0) return code
  const last = code.indexOf('function stryMutAct_9fa48(id)')
  const end = code.indexOf('\n}\n', last) + 3
  const body = code.slice(0, start) + code.slice(end)
  return HEAD + body.replaceAll(/stry(?:Cov|MutAct)_9fa48\([^)]*\)/g, (call) => call.replaceAll('"', ''))
}
