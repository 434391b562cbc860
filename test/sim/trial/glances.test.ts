import { expect, test } from 'vitest'
import { NO_TURNS, shareTurns } from '../../../lib/core/revision-turns.ts'
import type { Wheel } from '../../../lib/engine/wheel.ts'
import type { Plant } from '../../../sim/trial/live.ts'
import { tryOut } from '../../../sim/trial/run.ts'
import { drawScenario } from '../../../sim/trial/scenario.ts'

test('trials in which revisions are read in turns of many minutes keep every promise', async () => {
  let glances = 0
  const seldom: Plant = <W extends Wheel>(sockets: W): W => {
    let turns = NO_TURNS
    const observe: Wheel['apps']['observe'] = async (targets, urgent, quiet = []) => {
      const share = shareTurns(turns, targets, quiet, sockets.clock.now(), 0.2)
      turns = share.turns
      return (await sockets.apps.observe(targets, urgent)).map((one, place) => {
        if (!share.glanced.has(place) || one.kind !== 'seen') return one
        glances += 1
        const { revisions: _, ...app } = one.app
        return { kind: 'glanced', app }
      })
    }
    return { ...sockets, apps: { ...sockets.apps, observe } }
  }
  for (let seed = 1; seed <= 6; seed += 1) {
    const { violations } = await tryOut(drawScenario(seed), { plant: seldom })
    expect(violations.map(({ invariant, says }) => `seed ${seed}: ${invariant}: ${says}`)).toEqual([])
  }
  expect(glances).toBeGreaterThan(50)
})
