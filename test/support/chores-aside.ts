import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { Suspect } from '../../lib/core/quarantine.ts'
import { dismiss, redrive } from '../../lib/engine/redrive.ts'
import { createWard, type Ward } from '../../lib/engine/ward.ts'
import { createStage } from '../../sim/runner.ts'
import { type ChoreRace, troubles } from './chores.ts'
import { expectChain } from './story.ts'
import { createRing, type Plugs, type Rung } from './wire-races.ts'

const ENVIRONMENT = 'production'

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

const values = ({ answers }: Rung) => answers.flatMap((one) => ('value' in one ? [one.value] : []))

const MESSAGE: Suspect = {
  kind: 'message',
  what: 'delivery',
  place: 'slipway-intake',
  environment: ENVIRONMENT,
  service: 'pricing',
  field: null,
  why: 'it cannot be acted on',
  holds: false,
  content: '{"kind":"push"}',
}

/** A message that may lie in quarantine already, and what was sent into its queue again. */
async function givenAside(isThere: boolean) {
  const stage = createStage({ crash: 'never' })
  const ring = await createRing(stage.clock)
  const failed: unknown[] = []
  const wardOn = ({ store }: Plugs): Ward =>
    createWard({
      quarantine: store.quarantine,
      store,
      freezes: store,
      clock: stage.clock,
      digest,
      environments: [ENVIRONMENT],
      onTrouble: (_, error) => failed.push(error),
    })
  const id = isThere ? (await wardOn(ring.plugs).admit(MESSAGE)).id : ''
  const sent: string[] = []
  const requeue = { send: async (queue: string) => void sent.push(queue) }
  const found = async ({ store }: Plugs) => {
    const item = await store.quarantine.find(ENVIRONMENT, id)
    if (item === null) throw new Error('nothing is in quarantine')
    return item
  }
  const again = async (plugs: Plugs) =>
    redrive({ ward: wardOn(plugs), clock: stage.clock, requeue }, await found(plugs), 'ada')
  const gone = async (plugs: Plugs) =>
    dismiss({ ward: wardOn(plugs), clock: stage.clock }, await found(plugs), 'bo', 'nobody waits for it')
  const met = (plugs: Plugs) => wardOn(plugs).admit(MESSAGE)
  const heeded = (plugs: Plugs) => wardOn(plugs).heldIn(ENVIRONMENT)
  return { stage, ring, wardOn, failed, sent, works: { again, gone, met, heeded } }
}

type Aside = Awaited<ReturnType<typeof givenAside>>

const aside = (name: string, isThere: boolean, what: readonly (keyof Aside['works'])[]): ChoreRace => ({
  name,
  set: async () => {
    const scene = await givenAside(isThere)
    const { ring, stage, wardOn, failed, sent, works } = scene
    return {
      ring,
      works: what.map((one) => works[one]),
      settle: async (rung) => {
        expect([...troubles(rung), ...failed]).toEqual([])
        stage.clock.advance(31_000)
        await wardOn(ring.plugs).heldIn(ENVIRONMENT)
        const { items } = await ring.plugs.store.page({
          environment: ENVIRONMENT,
          service: null,
          limit: 100,
          from: null,
        })
        expectChain(items.toReversed())
        const told = (kind: string) => items.filter((row) => row.kind === kind).length
        const all = (await ring.plugs.store.quarantine.items(ENVIRONMENT, 10, null)).items
        expect(all).toHaveLength(1)
        expect(all[0]?.item.owed ?? []).toEqual([])
        const done = (work: keyof Aside['works']) =>
          rung.answers.filter((answer, index) => what[index] === work && 'value' in answer).length
        expect(sent).toHaveLength(done('again'))
        expect(told('quarantine-redriven')).toBe(done('again'))
        expect(told('quarantine-dismissed')).toBe(done('gone'))
        expect(told('quarantine-added')).toBeGreaterThan(0)
        if (!what.includes('again') && !what.includes('gone')) expect(told('quarantine-added')).toBe(1)
        if (what.every((one) => one === 'again' || one === 'gone')) expect(values(rung).length).toBeGreaterThan(0)
      },
    }
  },
})

/** What is written of something in quarantine, by several at once. */
export const ASIDE: readonly ChoreRace[] = [
  aside('two that meet the same', false, ['met', 'met']),
  aside('three that meet the same', false, ['met', 'met', 'met']),
  aside('two that meet it again', true, ['met', 'met']),
  aside('two that send it again', true, ['again', 'again']),
  aside('one that sends it again and one that dismisses it', true, ['again', 'gone']),
  aside('one that sends it again, one that dismisses it, and one that meets it', true, ['again', 'gone', 'met']),
  aside('one that meets it and one that pays what its audit is owed', true, ['met', 'heeded', 'heeded']),
]
