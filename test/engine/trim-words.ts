import type { SignedCut } from '../../lib/core/audit-cut.ts'
import { watch } from '../../lib/engine/audit-night.ts'
import { trim } from '../../lib/engine/audit-trim.ts'
import type { Loaded, Night } from '../../lib/ports.ts'
import { aRollout, HOUR, progressing } from '../support/builders.ts'
import { type AuditWorld, auditWorld } from './audit-world.ts'

const DAY = 24 * HOUR

type Scene = (here: AuditWorld) => Promise<unknown>

const trimmed = (here: AuditWorld, said = 'trim', days: number | null = 90, budgetMs = HOUR) =>
  here.ask(said, () => trim(here.wheel, here.man, 'production', days, budgetMs))

/** An audit of so many digests, ten days apart, whose check found nothing: what was said so far is forgotten. */
async function proven(here: AuditWorld, times = 14, before: () => void = () => {}): Promise<void> {
  here.state.now -= times * 10 * DAY
  before()
  here.live(times, 10 * DAY)
  await watch(here.wheel, here.man, 'production', HOUR)
  here.lines.splice(0)
}

/** A night that is as it was, but for this. */
const nightIs =
  (change: (night: Night) => Partial<Night>): Scene =>
  async (here) => {
    await proven(here)
    const { night, token } = here.state.night
    if (night !== null) here.state.night = { night: { ...night, ...change(night) }, token }
    await trimmed(here)
  }
/** So much later, after another night that found nothing. */
const later = (here: AuditWorld, ms: number) => {
  here.state.now += ms
  const { night, token } = here.state.night
  const last = night?.last && { ...night.last, at: here.state.now }
  if (night !== null && last) here.state.night = { night: { ...night, last }, token }
}
const runs = (startedAt: number, isOver = false) => {
  const phase = isOver ? ({ kind: 'finished', outcome: 'promoted', at: startedAt } as never) : progressing(0)
  return { rollout: aRollout(phase, { startedAt }) } as unknown as Loaded
}

export const SCENES: Readonly<Record<string, Scene>> = {
  'no night was ever checked': async (here) => {
    here.live(1)
    await trimmed(here)
  },
  'the night goes on': nightIs(() => ({ phase: 'going' })),
  'the night is not told yet': nightIs(() => ({ phase: 'found' })),
  'the night found something': nightIs(() => ({ found: [{ id: 'x', because: 'y' }] })),
  'the night had no digest': nightIs(() => ({ newest: 0 })),
  'no night was ever over': nightIs(() => ({ last: null })),
  'the night ended long ago': nightIs(({ last }) => ({ last: last && { ...last, at: last.at - 26 * HOUR } })),
  'the night ended just in time': nightIs(({ last }) => ({ last: last && { ...last, at: last.at - 26 * HOUR + 1 } })),
  'the night ended after now, as far as clocks may be apart': nightIs(({ last }) => ({
    last: last && { ...last, at: last.at + HOUR },
  })),
  'the night ended after now': nightIs(({ last }) => ({ last: last && { ...last, at: last.at + HOUR + 1 } })),
  'what is older than its retention goes, and the next time nothing does': async (here) => {
    await proven(here)
    await trimmed(here)
    await trimmed(here, 'trim again')
    later(here, 10 * DAY)
    await trimmed(here, 'trim ten days later')
  },
  'a worker died right after it had cut': async (here) => {
    await proven(here)
    here.cutAt(5)
    here.state.now += 1_000
    await trimmed(here)
    later(here, 2 * DAY)
    await trimmed(here, 'trim two days later')
  },
  'a worker died two days ago right after it had cut': async (here) => {
    await proven(here)
    here.cutAt(5)
    later(here, 2 * DAY - 1)
    await trimmed(here, 'trim not quite two days later, without a retention', null)
  },
  'a worker died longer ago right after it had cut': async (here) => {
    await proven(here)
    here.cutAt(5)
    later(here, 2 * DAY)
    await trimmed(here, 'trim two days later, without a retention', null)
  },
  'no digest is old enough': async (here) => {
    await proven(here, 9)
    await trimmed(here)
  },
  'one digest is old enough': async (here) => {
    await proven(here, 10)
    await trimmed(here)
  },
  'everything is old enough': async (here) => {
    await proven(here, 3)
    await trimmed(here, 'trim what is of yesterday', 0)
  },
  'a rollout runs since the fourth digest': async (here) => {
    await proven(here)
    const at = Date.parse(here.digests[3]?.at ?? '')
    here.running.push(runs(at), runs(at + 1), runs(at - 20 * DAY, true), { rollout: null } as unknown as Loaded)
    await trimmed(here)
  },
  'more digests are old enough than one cut spans': async (here) => {
    here.state.now -= 120 * DAY
    here.write('pricing')
    for (let n = 0; n < 750; n += 1) {
      here.state.now += 60_000
      here.digest()
    }
    here.state.now += 119 * DAY
    await watch(here.wheel, here.man, 'production', HOUR)
    here.lines.splice(0)
    await trimmed(here)
  },
  'rows of a cut are there yet': async (here) => {
    await proven(here)
    here.cutAt(3)
    here.state.mostRows = 2
    await trimmed(here, 'trim without a retention', null)
  },
  'time is up after a cut': async (here) => {
    await proven(here)
    await trimmed(here, 'trim', 90, 0)
  },
  'there are too many rows for one call': async (here) => {
    await proven(here, 14, () => {
      for (let n = 0; n < 1_001; n += 1) here.write('pricing')
    })
    here.state.eachPageMs = 1_000
    await trimmed(here, 'trim for no time', 90, 0)
    await trimmed(here, 'trim what is left')
  },
  'there are many rows of a cut, and time for them': async (here) => {
    await proven(here, 14, () => {
      for (let n = 0; n < 1_001; n += 1) here.write('pricing')
    })
    here.cutAt(3)
    await trimmed(here, 'trim without a retention', null)
  },
  'there are too many rows of a cut for one call': async (here) => {
    await proven(here, 14, () => {
      for (let n = 0; n < 1_001; n += 1) here.write('pricing')
    })
    here.cutAt(3)
    await trimmed(here, 'trim for no time', 90, 0)
  },
  'a row was written right after the digest of the cut': async (here) => {
    await proven(here, 9, () => {
      here.state.now -= 50 * DAY
      here.live(5, 10 * DAY)
      here.state.now += HOUR / 2
      here.write('pricing')
      here.state.now -= HOUR / 2
    })
    await trimmed(here)
  },
  'the night found something, and rows of a cut are there yet': async (here) => {
    await proven(here)
    here.cutAt(3)
    const { night, token } = here.state.night
    if (night !== null) here.state.night = { night: { ...night, found: [{ id: 'x', because: 'y' }] }, token }
    await trimmed(here)
  },
  'somebody else cuts at the same time': async (here) => {
    await proven(here)
    here.state.isCutTaken = true
    await trimmed(here)
  },
  'the newest cut is not sound': async (here) => {
    await proven(here)
    here.cuts.push({ ...here.cutAt(3), retentionDays: 91 })
    await trimmed(here)
  },
  'another key signs now': async (here) => {
    await proven(here)
    here.cutAt(3)
    here.state.keyId = 'other'
    await trimmed(here, 'trim without a retention', null)
  },
  'another key signs now, and somebody else cuts at the same time': async (here) => {
    await proven(here)
    here.cutAt(3)
    Object.assign(here.state, { keyId: 'other', isCutTaken: true })
    await trimmed(here, 'trim without a retention', null)
  },
  'another key signs now, and there is more to remove': async (here) => {
    await proven(here)
    here.cutAt(3)
    here.state.keyId = 'other'
    await trimmed(here)
  },
  'nobody has made a key yet': async (here) => {
    await proven(here)
    here.cutAt(3)
    Object.assign(here.man.signer, { publicKeys: async () => [] })
    await trimmed(here, 'trim without a retention', null)
  },
}

/** What trimming asks, stores, removes and answers, a line each; and which rows are left. */
export async function toldOfTrimming(scene: Scene): Promise<readonly string[]> {
  const here = auditWorld()
  await scene(here)
  const oldest = ['pricing', 'basket'].map((name) => {
    const seqs = here.rows.flatMap(({ entityId, seq }) => (entityId === `production/${name}` ? [seq] : []))
    return `${name} ${seqs.length === 0 ? 'none' : `${Math.min(...seqs)} to ${Math.max(...seqs)}`}`
  })
  const cut: SignedCut | undefined = here.cuts.at(-1)
  const isSound = cut === undefined ? '' : `; the newest cut is ${cut.number} at digest ${cut.digest.number}`
  return [...here.lines, `  rows left: ${oldest.join(', ')}${isSound}`]
}
