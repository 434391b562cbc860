import { describe, expect, test } from 'vitest'
import { type Crowd, crowdCalls } from '../../bench/calls-crowd.ts'

const ONE: Crowd = { rollouts: 1, groups: 1, workspaces: 1, state: 'baking' }
const TICKS = 8

describe('calls in a tick in which nothing happens', () => {
  test('of one rollout are two reads of ARM and one query', async () => {
    const { most } = await crowdCalls(ONE, 2)
    expect(most).toEqual({ lists: 0, apps: 1, revisions: 1, arm: 2, logs: 1, monitor: 0, prometheus: 0 })
  })

  test('of ten rollouts in one resource group are one list, their revisions and one query', async () => {
    const { most } = await crowdCalls({ ...ONE, rollouts: 10 }, 2)
    expect(most).toEqual({ lists: 1, apps: 0, revisions: 10, arm: 11, logs: 1, monitor: 0, prometheus: 0 })
  })

  test('of a hundred rollouts are one list, one query, and revisions of 25 on the whole, of 50 at most', async () => {
    const { most, mean } = await crowdCalls({ ...ONE, rollouts: 100 }, TICKS)
    expect(most).toEqual({ lists: 1, apps: 0, revisions: 50, arm: 51, logs: 1, monitor: 0, prometheus: 0 })
    expect(mean.revisions).toBeLessThanOrEqual(25)
  })

  test('grow by a list for each resource group and by a query for each workspace', async () => {
    const { most } = await crowdCalls({ ...ONE, rollouts: 60, groups: 5, workspaces: 5 }, 3)
    expect({ lists: most.lists, apps: most.apps, logs: most.logs }).toEqual({ lists: 5, apps: 0, logs: 5 })
  })

  test('are one list for a resource group that several environments share', async () => {
    const { most } = await crowdCalls({ ...ONE, rollouts: 30, workspaces: 3, state: 'watched' }, 3)
    expect(most.apps).toBe(0)
    expect(most.lists).toBeLessThanOrEqual(3)
    expect(most.logs).toBe(0)
  })

  test('of sixty rollouts measured by Azure Monitor are two for requests and two for restarts: fifty apps go into one', async () => {
    const { most } = await crowdCalls({ ...ONE, rollouts: 60, source: 'azure-metrics' }, 2)
    expect(most).toMatchObject({ logs: 0, monitor: 4, prometheus: 0 })
  })

  test('of twenty-five rollouts measured by Prometheus are one for durations and one for requests', async () => {
    const { most } = await crowdCalls({ ...ONE, rollouts: 25, source: 'prometheus' }, 2)
    expect(most).toMatchObject({ logs: 0, monitor: 0, prometheus: 2 })
  })
})
