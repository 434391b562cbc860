import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Broken } from './run.ts'
import type { Scenario } from './scenario.ts'

const FOLDER = fileURLToPath(new URL('kept/', import.meta.url))

/** A scenario that once broke a promise, kept so that it is tried for ever. */
export interface Kept {
  readonly name: string
  /** What went wrong, and whether the product or a planted bug was at fault: a sentence or two. */
  readonly why: string
  /** The promise that it broke. */
  readonly invariant: Broken['invariant']
  /** The planted bug that broke it; null = the product itself did. */
  readonly plant: string | null
  readonly scenario: Scenario
}

/** Every kept scenario, in the order of their names. */
export function keptScenarios(folder = FOLDER): readonly Kept[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  return files.sort().map((file) => {
    const read = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Omit<Kept, 'name'>
    return { ...read, name: basename(file, '.json') }
  })
}

/** A scenario from a file: either as it is, or kept. */
export function scenarioIn(file: string): Scenario {
  const read = JSON.parse(readFileSync(file, 'utf8')) as Partial<Kept> & Partial<Scenario>
  const scenario = read.scenario ?? read
  if (!('items' in scenario) || !('seed' in scenario))
    throw new Error(`${file} holds no scenario: no seed, or no items`)
  return scenario as Scenario
}

/** The text of a file for `sim/trial/kept/`. */
export function keptText(kept: Omit<Kept, 'name'>): string {
  return `${JSON.stringify(kept, null, 2)}\n`
}

/** How a failing seed is kept. */
export const HOW_TO_KEEP = `A seed that broke a promise is kept as a whole scenario, since what a seed draws changes with the generator:
  npm run -s sim -- --seeds 1 --from 4711 --shrink            says the fewest items that break it, as --only 3,17
  npm run -s sim -- --from 4711 --only 3,17 --keep > sim/trial/kept/what-went-wrong.json
Then write into the file why it broke ("why") and which promise ("invariant"); test/sim/trial/kept.test.ts tries it from then on.
`
