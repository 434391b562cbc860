import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type FunctionApp, startFunctionApp } from '../../sim/start/function-app.ts'
import type { Stack } from '../../sim/start/stack.ts'

/** What makes a killed worker's messages come back within seconds, and its log short. */
export const SHORT_LEASE = { HOST_LEASE_MS: '4000', HOST_LOG_LEVEL: 'error' }

/** Workers of one stack: processes of the function app on the same storage and the same Azure. */
export interface Workers {
  readonly urls: readonly string[]
  /** SIGKILLs worker `index` and starts another in its place. */
  kill(index: number): Promise<void>
  close(): Promise<void>
}

/** Starts `count` workers beside the one that the stack has started by itself; `more` is asked for settings at each start. */
export async function startWorkers(
  stack: Stack,
  folder: string,
  count: number,
  more: () => Readonly<Record<string, string>> = () => ({}),
): Promise<Workers> {
  let started = 0
  const begin = (): Promise<FunctionApp> => {
    started += 1
    return startFunctionApp({
      entry: join(folder, 'app', 'main.mjs'),
      settings: { ...stack.local.settings, ...more() },
      key: randomUUID(),
      caFile: stack.local.certificates.ca,
      logFile: join(folder, `worker-${started}.log`),
    })
  }
  const apps = await Promise.all(Array.from({ length: count }, begin))
  return {
    get urls() {
      return apps.map(({ url }) => `${url}/api`)
    },
    kill: async (index) => {
      const dying = apps[index]
      if (dying === undefined) throw new Error(`there is no worker ${index}`)
      process.kill(dying.pid, 'SIGKILL')
      await dying.close()
      apps[index] = await begin()
    },
    close: async () => {
      await Promise.all(apps.map((app) => app.close()))
    },
  }
}
