import type { TableClient } from '@azure/data-tables'
import { afterAll, beforeAll, expect } from 'vitest'
import { createTableStore, type TableStore } from '../../../lib/adapters/store/table.ts'
import type { ServiceKey } from '../../../lib/core/service.ts'
import { idleTick, loaded } from '../../contract/store.contract.ts'
import { type Azurite, startAzurite } from '../../support/azurite.ts'
import { aBucketLine, aJudge, T0 } from '../../support/state.ts'

/** A fresh table store, and what a test wants to see of its inside. */
export interface Opened {
  readonly store: TableStore
  readonly state: TableClient
  readonly index: TableClient
  readonly events: TableClient
  /** `row: why`, in order. */
  readonly quarantined: readonly string[]
  /** Another worker's store on the same tables. */
  readonly again: () => TableStore
  /** `METHOD path` of every request to the state table. */
  readonly requests: string[]
}

/** Starts Azurite for a file of tests; the answer opens a fresh store on it. */
export function azuriteForTests(): (options?: { readonly mendEveryMs?: number }) => Promise<Opened> {
  let azurite: Azurite
  let opened = 0
  beforeAll(async () => {
    azurite = await startAzurite()
  }, 60_000)
  afterAll(() => azurite.stop())

  return async (options = {}) => {
    opened += 1
    const [state, index, events] = ['State', 'Index', 'Events'].map((name) => azurite.table(`Slipway${name}${opened}`))
    if (state === undefined || index === undefined || events === undefined)
      throw new Error('three tables were expected')
    const quarantined: string[] = []
    const requests: string[] = []
    const onQuarantine = (row: string, why: string) => quarantined.push(`${row.replace(/^\w+\//, '')}: ${why}`)
    const again = () => createTableStore({ tables: { state, index, events }, onQuarantine, ...options })
    const store = again()
    await store.ensureTables()
    state.pipeline.addPolicy({
      name: 'remember requests',
      sendRequest: (request, next) => {
        requests.push(`${request.method} ${new URL(request.url).pathname.split('/').at(-1)}`)
        return next(request)
      },
    })
    return { store, again, state, index, events, quarantined, requests }
  }
}

/** Gives a service one state of the judge and one line of buckets. */
export async function judgeOnce(store: TableStore, key: ServiceKey): Promise<void> {
  const id = `${key.name}-1`
  const tick = idleTick(await loaded(store, key), T0 + 60_000)
  expect(await store.commit({ ...tick, judge: aJudge(id), buckets: aBucketLine(id) })).toBe('saved')
}
