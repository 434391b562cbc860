import { describe } from 'vitest'
import { createSimStore } from '../../sim/store.ts'
import { commitContract } from './store.contract.ts'
import { digestsContract } from './store-digests.contract.ts'
import { freezesContract } from './store-freezes.contract.ts'
import { judgeContract } from './store-judge.contract.ts'
import { outboxContract } from './store-outbox.contract.ts'
import { readContract } from './store-reads.contract.ts'

describe('the in-memory store', () => {
  const open = async () => createSimStore()
  commitContract(open)
  judgeContract(open)
  outboxContract(open)
  digestsContract(open)
  freezesContract(open)
  readContract(open)
})
