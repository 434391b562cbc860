import { describe } from 'vitest'
import { createSimApps } from '../../sim/apps.ts'
import { deedContract } from './container-apps-deed.contract.ts'
import { lookContract } from './container-apps-look.contract.ts'

describe('the simulated container apps, in process', () => {
  lookContract((world) => createSimApps(world))
  deedContract((world) => createSimApps(world))
})
