import { describe, expect, test } from 'vitest'
import { quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { createWard } from '../../lib/engine/ward.ts'
import { Fault } from '../../lib/errors.ts'
import type { Freezes, Quarantine } from '../../lib/ports.ts'
import { createSimFreezes } from '../../sim/store-freezes.ts'
import { createSimQuarantine } from '../../sim/store-quarantine.ts'

const TIMEOUT_MS = 20_000
const MESSAGE: Suspect = {
  kind: 'message',
  what: 'delivery',
  place: 'slipway-events',
  environment: 'production',
  service: null,
  field: null,
  why: 'it is no event of a registry',
  holds: false,
  content: '{}',
}

/** A ward over a storage of which some calls hang until they are given up. */
function given(hanging: { readonly lists?: boolean; readonly audits?: boolean }) {
  const state = { now: 1_000_000, troubles: 0 }
  const calls: string[] = []
  const quarantine = createSimQuarantine(() => null)
  const freezes = createSimFreezes()
  const hang = async (name: string) => {
    calls.push(name)
    await Promise.resolve()
    state.now += TIMEOUT_MS
    throw new Fault('unavailable', 'no answer in time')
  }
  const items: Quarantine['items'] = async (...of) => (hanging.lists ? hang('list') : quarantine.items(...of))
  const freezesOf: Freezes['freezesOf'] = async (of) => (hanging.audits ? hang('audit') : freezes.freezesOf(of))
  const ward = createWard({
    quarantine: { ...quarantine, items },
    freezes: { ...freezes, freezesOf },
    store: { load: async () => [] },
    clock: { now: () => state.now },
    digest: (text) => text.padEnd(32, '.'),
    environments: ['staging', 'production'],
    onTrouble: () => {
      state.troubles += 1
    },
  })
  return { state, calls, quarantine, ward }
}

describe('a storage that hangs', () => {
  test('is waited for once in half a minute, whatever a sweep asks of the quarantine', async () => {
    const { ward, calls, state } = given({ lists: true })
    const ask = async () => {
      await ward.heldIn('production')
      await ward.infirmary.restingIn('production')
      await ward.infirmary.sickIn('production')
      await ward.infirmary.note('production', [])
    }
    await ask()
    expect([calls, state.troubles]).toEqual([['list'], 1])
    state.now += 29_999
    await ask()
    expect(calls).toEqual(['list'])
    state.now += 1
    await ask()
    expect(calls).toEqual(['list', 'list'])
  })

  test('is asked by one for all who want the same at once', async () => {
    const { ward, calls } = given({ lists: true })
    await Promise.all([ward.heldIn('production'), ward.heldIn('production'), ward.infirmary.sickIn('production')])
    expect(calls).toEqual(['list'])
  })

  test('is asked again at once by a clock that went back', async () => {
    const { ward, calls, state } = given({ lists: true })
    await ward.heldIn('production')
    state.now -= 60_000
    await ward.heldIn('production')
    expect(calls).toEqual(['list', 'list'])
  })

  test('keeps nobody waiting for all that is to be told: once one has waited, the others come later', async () => {
    const { ward, calls, quarantine, state } = given({ audits: true })
    const row = { kind: 'quarantine-added' } as never
    for (const id of ['a', 'b', 'c']) {
      const item = quarantinedAs(id, { ...MESSAGE, content: id }, null, state.now)
      await quarantine.keep({ ...item, owed: [{ id, row, environments: ['production'] }] }, null)
    }
    await ward.heldIn('production')
    expect(calls).toEqual(['audit'])
  })
})
