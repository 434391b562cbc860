import { afterAll, beforeAll, describe } from 'vitest'
import { createTableStore, type TableStore } from '../../lib/adapters/store/table.ts'
import { type Azurite, startAzurite } from '../support/azurite.ts'
import { commitContract } from './store.contract.ts'
import { digestsContract } from './store-digests.contract.ts'
import { freezesContract } from './store-freezes.contract.ts'
import { judgeContract } from './store-judge.contract.ts'
import { outboxContract } from './store-outbox.contract.ts'
import { readContract } from './store-reads.contract.ts'

describe('the table store on Azurite', () => {
  let azurite: Azurite
  let opened = 0
  beforeAll(async () => {
    azurite = await startAzurite()
  }, 60_000)
  afterAll(() => azurite.stop())

  async function open(): Promise<TableStore> {
    opened += 1
    const [state, index, events] = ['State', 'Index', 'Events'].map((name) => azurite.table(`Slipway${name}${opened}`))
    if (state === undefined || index === undefined || events === undefined)
      throw new Error('three tables were expected')
    const store = createTableStore({ tables: { state, index, events } })
    await store.ensureTables()
    return store
  }
  commitContract(open)
  judgeContract(open)
  outboxContract(open)
  digestsContract(open)
  freezesContract(open)
  readContract(open)
})
