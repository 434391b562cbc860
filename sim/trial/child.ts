import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tryOut } from './run.ts'
import { drawScenario, type Scenario } from './scenario.ts'
import { keepOnly } from './shrink.ts'

/** A piece of work for a child process: some seeds in a row, or a whole scenario. */
export interface Chunk {
  readonly from: number
  readonly seeds: number
  /** File for the events of these seeds; null = they are not written. */
  readonly trace: string | null
  readonly only: readonly number[] | null
  readonly scenario: Scenario | null
}

// One chunk per line comes in; one line per seed goes out, in order.
for await (const line of createInterface({ input: process.stdin })) await work(JSON.parse(line) as Chunk)

async function work({ from, seeds, trace, only, scenario }: Chunk): Promise<void> {
  for (let seed = from; seed < from + seeds; seed += 1) {
    const whole = scenario ?? drawScenario(seed)
    const lines: string[] = []
    const write = (event: unknown) => void lines.push(JSON.stringify(event))
    const tried = await tryOut(only === null ? whole : keepOnly(whole, only), trace === null ? {} : { write })
    if (trace !== null) appendFileSync(trace, `${lines.join('\n')}\n`)
    process.stdout.write(`${JSON.stringify(tried)}\n`)
  }
}
