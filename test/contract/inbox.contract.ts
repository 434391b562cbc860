import { expect, it } from 'vitest'
import type { Delivery, Inbox } from '../../lib/ports.ts'
import { anEvent, aPush, T0 } from '../support/state.ts'

/** An inbox, and a way to see what is in it (any order). */
export interface OpenInbox {
  readonly inbox: Inbox
  received(): Promise<readonly Delivery[]>
}

const push: Delivery = { kind: 'push', push: aPush({ tag: 'ünï-🚀' }), receivedAt: T0 }
const ignored: Delivery = { kind: 'ignored', record: anEvent(1, { outcome: 'ignored', image: null }) }

/** What every inbox must be: what was accepted can be taken out, whole. */
export function inboxContract(open: () => Promise<OpenInbox>): void {
  it('holds every accepted delivery, whole', async () => {
    const { inbox, received } = await open()
    await inbox.accept([push, ignored])
    const found = await received()
    expect(found).toHaveLength(2)
    expect(found).toEqual(expect.arrayContaining([push, ignored]))
  })

  it('accepts nothing without complaint', async () => {
    const { inbox, received } = await open()
    await inbox.accept([])
    expect(await received()).toEqual([])
  })

  it('holds as many deliveries as one request can bring', async () => {
    const { inbox, received } = await open()
    const many = Array.from(
      { length: 32 },
      (_, index): Delivery => ({ kind: 'push', push: aPush({ eventId: `e${index}` }), receivedAt: T0 }),
    )
    await inbox.accept(many)
    expect(await received()).toHaveLength(32)
  })
}
