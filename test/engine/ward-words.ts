import { type Quarantined, quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { owing, quarantineRow } from '../../lib/core/quarantine-row.ts'
import { HOUR, MINUTE, T0 } from '../support/builders.ts'
import { NOWHERE, ROW, rowOf, type WardStage, wardStage } from './ward-stage.ts'

const DAY = 24 * HOUR

type Scene = (here: WardStage) => Promise<unknown>

const admit = (here: WardStage, suspect: Suspect, said = 'admit') => here.ask(said, () => here.ward.admit(suspect))
const held = (here: WardStage, environment = 'production') =>
  here.ask(`held in ${environment}`, () => here.ward.heldIn(environment))
const heldBy = (here: WardStage, name = 'pricing') =>
  here.ask(`${name} is held by`, () => here.ward.heldBy({ environment: 'production', name }))
const sick = (here: WardStage) => here.ask('sick in production', () => here.ward.infirmary.sickIn('production'))

/** An item that its audit is owed a row of. */
const owed = (
  here: WardStage,
  suspect: Suspect,
  environments: readonly string[],
  changes: Partial<Quarantined> = {},
) => {
  const item = quarantinedAs('x', suspect, null, T0)
  const { owed = [] } = owing(item, quarantineRow('quarantine-added', item, 'slipway'), environments, T0)
  return here.lay(suspect, { owed, tellings: 1, ...changes })
}

export const SCENES: Readonly<Record<string, Scene>> = {
  'a row is met, again while it rests, and again after it': async (here) => {
    await heldBy(here)
    await admit(here, ROW)
    await heldBy(here)
    here.state.now += MINUTE - 1
    await admit(here, { ...ROW, why: 'another reason' }, 'admit for another reason, while it rests')
    here.state.now += 1
    await admit(here, ROW, 'admit when its rest is over')
    here.state.now += 2 * MINUTE
    await admit(here, { ...ROW, why: 'another reason' }, 'admit for another reason')
  },
  'a row that held nobody holds its service': async (here) => {
    await admit(here, { ...ROW, holds: false })
    await heldBy(here)
    await admit(here, ROW, 'admit, and it holds its service')
    await heldBy(here)
    await admit(here, { ...ROW, holds: false }, 'admit, and it holds nobody')
  },
  'a row that another worker wrote down is met while it rests': async (here) => {
    await here.lay(ROW)
    await admit(here, ROW)
    await heldBy(here)
  },
  'a message of no environment is told of in all, and counted each time': async (here) => {
    await admit(here, NOWHERE)
    here.state.now += MINUTE
    await admit(here, NOWHERE, 'admit again')
  },
  'a row that nobody waits for is left as it is': async (here) => {
    await here.lay(ROW, { state: 'dismissed', nextTryAt: null, holds: false })
    here.state.now += DAY
    await admit(here, { ...ROW, holds: false })
    await admit(here, ROW, 'admit, and it holds its service')
    await heldBy(here)
  },
  'a message that nobody waits for any more comes again': async (here) => {
    await here.lay(NOWHERE, { state: 'dismissed', dismissed: { by: 'kim', at: T0, reason: 'old' } })
    here.state.now += DAY
    await admit(here, NOWHERE)
  },
  'a row that is well again breaks again before that was told': async (here) => {
    await owed(here, ROW, ['production'], { releasedAt: T0, nextTryAt: T0 + MINUTE })
    await admit(here, ROW)
  },
  'others write it down at the same time': async (here) => {
    here.races.left = 1
    await admit(here, ROW)
    here.races.left = 99
    await admit(here, NOWHERE, 'admit, and others are faster each time')
  },
  'one of two audits is away, and then is not': async (here) => {
    here.away.add('audit of staging')
    await admit(here, NOWHERE)
    here.away.clear()
    here.state.now += MINUTE
    await held(here)
  },
  'an item is well again, and one of two audits is away': async (here) => {
    const item = await here.lay(NOWHERE)
    here.away.add('audit of staging')
    await here.ask('release', () => here.ward.release(item, 1, quarantineRow('quarantine-over', item, 'slipway')))
    here.away.clear()
    await held(here)
  },
  'others change an item while its audit is told of it': async (here) => {
    here.races.skip = 1
    here.races.left = 2
    await admit(here, ROW)
  },
  'others change an item each time after its audit was told of it': async (here) => {
    here.races.skip = 1
    here.races.left = 99
    await admit(here, ROW)
    here.races.left = 0
    await held(here)
  },
  'others have told of an item meanwhile': async (here) => {
    const item = await owed(here, ROW, ['production'], { nextTryAt: null })
    here.state.meanwhile = () => here.quarantine.keep({ ...item, owed: [] }, 1)
    await held(here)
  },
  'others have told of an item meanwhile, with an older build': async (here) => {
    const item = await owed(here, ROW, ['production'], { nextTryAt: null })
    const { owed: _, ...older } = item
    here.state.meanwhile = () => here.quarantine.keep(older, 1)
    await held(here)
  },
  'an item of an older build is well again': async (here) => {
    await here.lay(ROW, { owed: undefined, releasedAt: T0, nextTryAt: null } as never)
    await held(here)
  },
  'an item is gone before its audit is told of it': async (here) => {
    const item = await owed(here, ROW, ['production'], { nextTryAt: null })
    here.state.meanwhile = () => here.quarantine.remove(item, 1)
    await held(here)
  },
  'others write into the audit at the same time': async (here) => {
    here.races.audits = 2
    await admit(here, ROW)
    here.races.audits = 99
    await admit(here, rowOf('basket'), 'admit, and others are faster each time')
  },
  'a service that is well again by now is woken': async (here) => {
    const item = await here.lay({ ...ROW, kind: 'service', what: 'turn', holds: false })
    await sick(here)
    here.state.meanwhile = () => here.quarantine.keep({ ...item, releasedAt: T0, nextTryAt: null }, 1)
    await here.ask('wake', () => here.ward.infirmary.wake('production', 'pricing'))
    await sick(here)
  },
  'all audits are away': async (here) => {
    here.away.add('audit of staging').add('audit of production')
    await admit(here, NOWHERE)
  },
  'what is found is written down when that is settled': async (here) => {
    await here.ask('settle nothing', () => here.ward.settled())
    here.ward.found(ROW)
    here.ward.found({ ...ROW, why: 'another reason' })
    await heldBy(here)
    await here.ask('settle', () => Promise.all([here.ward.settled(), here.ward.settled()]))
    await here.ask('settle again', () => here.ward.settled())
  },
  'what is found while storage is away is met again': async (here) => {
    here.ward.found(ROW)
    here.ward.found(rowOf('basket'))
    here.away.add('keep')
    await here.ask('settle', () => here.ward.settled())
    here.away.clear()
    await here.ask('settle again', () => here.ward.settled())
    here.ward.found(ROW)
    await here.ask('settle what was met again', () => here.ward.settled())
  },
  'a tick looks through all that is in quarantine': async (here) => {
    here.state.now += 40 * DAY
    const { now } = here.state
    const dismissed = { state: 'dismissed', nextTryAt: null } as const
    await here.lay(rowOf('rests'), { nextTryAt: now + 1 })
    await here.lay(rowOf('older'), { owed: undefined, nextTryAt: null } as never)
    await here.lay({ ...rowOf('loose'), holds: false }, { nextTryAt: now - 9 })
    await here.lay(rowOf('sick'), { nextTryAt: now })
    await here.lay(rowOf('well'), { nextTryAt: now - 1 })
    await here.lay(rowOf('old-well'), dismissed)
    await here.lay(rowOf('old-sick'), dismissed)
    await owed(here, rowOf('owed'), ['production'], { nextTryAt: null })
    await here.lay(rowOf('gone'), { releasedAt: T0, nextTryAt: null })
    await here.lay({ ...NOWHERE, environment: 'production' }, { state: 'redriven' })
    await here.lay({ ...NOWHERE, content: '{"n":1}' }, dismissed)
    await here.lay({ ...NOWHERE, environment: 'production', content: 'waits' })
    await here.lay({ ...rowOf('ails'), kind: 'service', what: 'turn', holds: false }, { triedAt: now, nextTryAt: now })
    await here.lay({ ...rowOf('fine'), kind: 'service', what: 'turn', holds: false }, { releasedAt: now })
    for (const name of ['sick', 'loose', 'old-sick']) here.sick.set(`State/production/s!${name}`, 'schema 3')
    await held(here)
    await sick(here)
    await heldBy(here, 'sick')
    here.state.now += 30_000 - 1
    await held(here)
  },
  'another environment than the first does not look after what is of none': async (here) => {
    await here.lay({ ...rowOf('basket'), environment: 'staging' }, { nextTryAt: null })
    await owed(here, NOWHERE, ['production'])
    await held(here, 'staging')
    await held(here)
  },
  'what is in quarantine cannot be listed': async (here) => {
    await here.lay(ROW, { nextTryAt: null })
    here.away.add('items')
    await held(here)
    here.away.clear()
    here.state.now += 30_000
    await held(here)
    here.away.add('items')
    here.state.now += 30_000
    await held(here)
  },
  'what is read again has changed meanwhile': async (here) => {
    await here.lay(ROW)
    here.sick.set(ROW.place, 'schema 3')
    here.state.now += MINUTE
    here.races.left = 1
    await held(here)
    await heldBy(here)
  },
  'what is wrong lies between rows': async (here) => {
    const item = await here.lay(ROW)
    const examined = (said: string, of = item) => here.ask(said, () => here.ward.examined(of))
    here.together.met = [{ ...ROW, why: 'first' }, { ...ROW, why: 'then' }, { ...ROW, why: 'last' }, rowOf('basket')]
    await examined('examined, and it is met')
    await here.ask('settle', () => here.ward.settled())
    here.together.met = [rowOf('basket')]
    await examined('examined, and another is met')
    here.together.met = null
    await examined('examined, and the load fails')
    here.together.met = [ROW]
    await examined('examined where it holds nobody', { ...item, holds: false })
    await examined('examined where it is of no service', { ...item, service: null })
    await examined('examined where it is of no environment', { ...item, environment: null })
    here.sick.set(ROW.place, 'schema 3')
    await examined('examined where it cannot be read alone')
  },
  'an item is kept, and then released': async (here) => {
    const row = (kind: 'quarantine-dismissed' | 'quarantine-over') => quarantineRow(kind, item, 'ada', 'x')
    const item = await here.lay(ROW)
    const asleep = { ...item, state: 'dismissed', nextTryAt: null } as const
    await here.ask('keep over another', () => here.ward.keep(asleep, 7, row('quarantine-dismissed')))
    await heldBy(here)
    await here.ask('keep', () => here.ward.keep(asleep, 1, row('quarantine-dismissed')))
    await heldBy(here)
    await here.ask('release over another', () => here.ward.release(asleep, 7, row('quarantine-over')))
    await heldBy(here)
    here.away.add('audit of production')
    here.state.now += MINUTE
    await here.ask('release', () => here.ward.release(asleep, 3, row('quarantine-over')))
    await heldBy(here)
    here.away.clear()
    await held(here)
  },
  'an item is released whose place another holds by now': async (here) => {
    const item = await here.lay(ROW)
    await admit(here, { ...ROW, place: 'State/production/r!pricing' })
    await here.ask('release', () => here.ward.release(item, 1, quarantineRow('quarantine-over', item, 'ada')))
    await heldBy(here)
  },
}

/** What comes of a scene, a line each. */
export async function toldOfWard(scene: Scene): Promise<readonly string[]> {
  const here = wardStage()
  await scene(here)
  return here.lines
}
