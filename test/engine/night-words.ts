import type { SignedDigest } from '../../lib/core/audit-digest.ts'
import { watch } from '../../lib/engine/audit-night.ts'
import { HOUR } from '../support/builders.ts'
import { type AuditWorld, auditWorld } from './audit-world.ts'

const DAY = 24 * HOUR

type Scene = (here: AuditWorld) => Promise<unknown>

const night = (here: AuditWorld, said = 'watch', budgetMs = HOUR) =>
  here.ask(said, () => watch(here.wheel, here.man, 'production', budgetMs))
const flip = <T extends object>(row: T) => ({ ...row, notes: 'nothing happened' })
/** An audit of 160 days with four digests; the first may be cut at. */
const old = (here: AuditWorld) => {
  here.state.now -= 160 * DAY
  here.live(4, 40 * DAY)
}
const digestIs = (here: AuditWorld, number: number, more: Partial<SignedDigest>) => {
  const digest = here.digests[number - 1]
  if (digest !== undefined) here.digests[number - 1] = { ...digest, ...more }
}
/** A row of no chain, so long after the first digest. */
const ghostAt = (here: AuditWorld, later: number) => ({
  entityId: 'production/ghost',
  id: 'production/ghost#1',
  happenedAt: Date.parse(here.digests[0]?.at ?? '') + later,
})
const linkScene =
  (change: (here: AuditWorld) => unknown): Scene =>
  async (here) => {
    here.live(3)
    change(here)
    await night(here)
  }
const cutScene =
  (change: (here: AuditWorld) => unknown): Scene =>
  async (here) => {
    old(here)
    change(here)
    await night(here)
  }

export const SCENES: Readonly<Record<string, Scene>> = {
  'nothing was ever written': async (here) => {
    await night(here)
    here.state.now += 20 * HOUR - 1
    await night(here, 'watch shortly before the next night')
    here.state.now += 1
    await night(here, 'watch in the next night')
  },
  'there are rows and no digest': async (here) => {
    here.write('pricing')
    here.write(null)
    here.state.mostRows = 1
    await night(here)
  },
  'a day and a bit, in one call': async (here) => {
    here.live(26)
    here.state.now += 60_000
    here.write('pricing')
    await night(here)
  },
  'a day and a bit, a window each call': async (here) => {
    here.live(26)
    here.state.eachPageMs = 1_000
    await night(here, 'watch for a second', 1_000)
    await night(here, 'watch for no time', 0)
    await night(here, 'watch for two seconds', 2_001)
  },
  'calls that cannot get through a window leave smaller ones': async (here) => {
    here.live(50)
    await night(here, 'watch', 0)
    here.state.away = 'the host has ended the function'
    for (const said of ['watch, and it ends', 'watch, and it ends again']) await night(here, said)
    here.state.away = null
    await night(here, 'watch a window', 0)
    await night(here, 'watch the next', 0)
    await night(here)
  },
  'somebody else begins': async (here) => {
    here.live(2)
    here.state.racesAt = 1
    await night(here)
  },
  'somebody else goes on at the same time': async (here) => {
    here.live(2)
    here.state.racesAt = 2
    await night(here)
  },
  'somebody else is faster with a window': async (here) => {
    here.live(2)
    here.state.racesAt = 3
    await night(here)
  },
  'a row was changed: it is told, not told again the next night, and told again after a week': async (here) => {
    here.live(2)
    here.spoil('pricing', 1, flip)
    await night(here)
    here.state.now += DAY
    await night(here, 'watch the next night')
    here.state.now += 6 * DAY
    await night(here, 'watch after a week')
  },
  'another row is changed the next night': async (here) => {
    here.live(2)
    here.spoil('pricing', 1, flip)
    await night(here)
    here.spoil('basket', 1, flip)
    here.state.now += DAY
    await night(here, 'watch the next night')
  },
  'more is wrong than is kept': async (here) => {
    for (let n = 0; n < 25; n += 1) {
      here.write(`s${n}`)
      here.spoil(`s${n}`, 1, flip)
    }
    await night(here)
    here.state.now += DAY
    await night(here, 'watch the next night')
  },
  'more is wrong than is kept, in two windows': async (here) => {
    for (let n = 0; n < 30; n += 1) {
      here.write(`s${n}`)
      here.spoil(`s${n}`, 1, flip)
      if (n === 14) here.digest()
    }
    await night(here)
  },
  'the newest digest has a bad signature': linkScene((here) => {
    here.state.verdict = 'bad'
  }),
  'the newest digest is signed by nobody who is known': linkScene((here) => {
    here.state.verdict = 'unknown'
  }),
  'the newest digest is not what it was': linkScene((here) => digestIs(here, 3, { at: here.digests[1]?.at ?? '' })),
  'a digest is missing': linkScene((here) => here.digests.splice(1, 1)),
  'a digest is one of another environment': linkScene((here) => digestIs(here, 2, { environment: 'staging' })),
  'a digest is another than the one that was named': linkScene((here) => digestIs(here, 2, { hash: 'f'.repeat(64) })),
  'a digest was changed': linkScene((here) => digestIs(here, 2, { heads: [] })),
  'the first digest names one before it': async (here) => {
    here.write('pricing')
    here.digest({ number: 0, hash: `0${'a'.repeat(62)}0` } as SignedDigest)
    await night(here)
  },
  'a service cannot be read now': async (here) => {
    here.live(2)
    here.unread.add('pricing')
    await night(here)
  },
  'a service that is held is listed all the same': async (here) => {
    here.live(2)
    here.write('pricing')
    Object.assign(here.wheel, { heldBy: () => 'its rollout cannot be read' })
    await night(here)
  },
  'a service is gone with all that was said of it': async (here) => {
    here.live(2)
    here.heads.delete('production/pricing')
    await night(here)
  },
  'rows were removed up to a cut': cutScene((here) => {
    here.cutAt(1)
    for (const name of ['pricing', 'basket']) here.spoil(name, 1, () => null)
  }),
  'rows of a cut are there yet': cutScene((here) => {
    here.state.mostRows = 3
    here.cutAt(2, { at: new Date(here.state.now + 90 * DAY).toISOString() })
  }),
  'a row that a cut has not removed yet was changed': cutScene((here) => {
    here.cutAt(1)
    here.spoil('pricing', 1, flip)
  }),
  'rows that a cut has not removed yet do not follow one another': cutScene((here) => {
    here.cutAt(3, { at: new Date(here.state.now + 90 * DAY).toISOString() })
    here.spoil('pricing', 2, () => null)
  }),
  'a row of no chain is older than the cut': cutScene((here) => {
    here.cutAt(1)
    here.spoil('pricing', 1, (row) => ({ ...row, ...ghostAt(here, -HOUR) }))
  }),
  'a row that stays is older than the cut': cutScene((here) => {
    here.cutAt(1)
    const { happenedAt } = ghostAt(here, -HOUR)
    here.spoil('pricing', 2, (row) => ({ ...row, happenedAt }))
  }),
  'a row of no chain is as old as the cut': cutScene((here) => {
    here.cutAt(1)
    here.spoil('pricing', 1, (row) => ({ ...row, ...ghostAt(here, 1 - HOUR) }))
  }),
  'a cut was changed': cutScene((here) => {
    here.cuts.push({ ...here.cutAt(1), retentionDays: 91 })
  }),
  'a cut is signed badly': cutScene((here) => {
    const cut = here.cutAt(1)
    here.cuts.push({ ...cut, signature: { ...cut.signature, value: 'x' } })
  }),
  'a cut is at the newest digest': cutScene((here) => here.cutAt(4)),
  'a cut is at a digest after the newest': cutScene((here) => {
    here.cutAt(1, { digest: { number: 9, hash: 'f'.repeat(64), at: here.digests[0]?.at ?? '' } })
  }),
  'a cut is there, and no digest any more': cutScene((here) => {
    here.cutAt(1)
    here.digests.splice(0)
  }),
  'somebody cuts while a broken audit is looked at, once': cutScene((here) => {
    here.cutAt(1)
    here.spoil('basket', 4, flip)
    here.state.cutsAfter = (n) => n === 3
  }),
  'somebody cuts while a broken audit is looked at, each time': cutScene((here) => {
    here.cutAt(1)
    here.spoil('basket', 4, flip)
    here.state.cutsAfter = (n) => n >= 3
  }),
  'somebody cuts while what is newer than the digests is looked at': cutScene((here) => {
    here.cutAt(1)
    here.write('basket')
    here.spoil('basket', 5, flip)
    here.state.cutsAfter = (n) => n === 1
  }),
}

/** What a night's check asks, keeps and answers, a line each. */
export async function toldOfNight(scene: Scene): Promise<readonly string[]> {
  const here = auditWorld()
  await scene(here)
  return here.lines
}
