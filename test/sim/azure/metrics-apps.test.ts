import { expect, test } from 'vitest'
import { createAccessLog } from '../../../sim/azure/access-log.ts'
import { appsIn } from '../../../sim/azure/metrics-apps.ts'
import { handClock } from '../../../sim/clock.ts'
import { createWorld } from '../../../sim/world/world.ts'

const target = { subscriptionId: 'Sub-1', resourceGroup: 'Rides', app: 'shop', container: null }

test('an app of the world is found however its names are written, in the region that its endpoint names', () => {
  const world = createWorld({ clock: handClock(0) })
  world.addApp({ target, image: 'registry.example.com/team/shop:1' })
  const log = createAccessLog()
  const find = appsIn(world, log)
  expect(find('sub-1', 'rides', 'SHOP')).toEqual({ region: 'westeurope', log })
  expect(find('sub-2', 'rides', 'shop')).toBeNull()
  expect(find('sub-1', 'other', 'shop')).toBeNull()
  expect(find('sub-1', 'rides', 'cart')).toBeNull()
})
