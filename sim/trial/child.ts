import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tryOut } from './run.ts'
import type { Scenario } from './scenario.ts'
import { keepOnly } from './shrink.ts'
import { scenarioOf } from './wire/scenario.ts'

/** A piece of work for a child process: the lives of some seeds in a row, or a whole scenario. */
export interface Chunk {
  readonly lives: readonly { readonly seed: number; readonly adapters: 'sim' | 'real' }[]
  /** File for the events of these seeds; null = they are not written. */
  readonly trace: string | null
  readonly only: readonly number[] | null
  readonly scenario: Scenario | null
}

// Errors are a part of life here, a stack costs as much as many a look, and would tell of this checkout in lines of a log.
Error.stackTraceLimit = 0

let counted = 0
/** CPU time of this process, all its threads, since it was asked before, or began. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  const since = (user + system) / 1000 - counted
  counted += since
  return since
}

// One chunk per line comes in; one line per life goes out, in order.
for await (const line of createInterface({ input: process.stdin })) await work(JSON.parse(line) as Chunk)

async function work({ lives, trace, only, scenario }: Chunk): Promise<void> {
  for (const { seed, adapters } of lives) {
    const whole = scenario ?? scenarioOf(seed, adapters)
    const lines: string[] = []
    const write = (event: unknown) => void lines.push(JSON.stringify(event))
    const now = () => performance.now()
    const tried = await tryOut(only === null ? whole : keepOnly(whole, only), { now, ...(trace !== null && { write }) })
    if (trace !== null) appendFileSync(trace, `${lines.join('\n')}\n`)
    process.stdout.write(`${JSON.stringify({ ...tried, cpuMs: cpuMs() })}\n`)
  }
}
