import { createHash } from 'node:crypto'
import { type Quarantined, quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { createWard, type Ward } from '../../lib/engine/ward.ts'
import { Fault } from '../../lib/errors.ts'
import type { Freezes, Quarantine } from '../../lib/ports.ts'
import { createSimFreezes } from '../../sim/store-freezes.ts'
import { createSimQuarantine } from '../../sim/store-quarantine.ts'
import { T0 } from '../support/builders.ts'
import { changed, plain, rowsText } from './words.ts'

/** A row that cannot be read and holds its service, another one by its name, and a message of no environment. */
export const ROW: Suspect = {
  kind: 'row',
  what: 'service',
  place: 'State/production/s!pricing',
  environment: 'production',
  service: 'pricing',
  field: 'schema',
  why: 'schema 2, known is 1',
  holds: true,
  content: null,
}
export const rowOf = (name: string): Suspect => ({ ...ROW, service: name, place: `State/production/s!${name}` })
export const NOWHERE: Suspect = {
  ...ROW,
  kind: 'message',
  what: 'delivery',
  place: 'slipway-intake',
  environment: null,
  service: null,
  field: null,
  why: 'no push',
  holds: false,
  content: '{}',
}

/** How many changes of items are let through, and how many then lose a race; how many rows of an audit do. */
interface Races {
  skip: number
  left: number
  audits: number
}

/** A ward over storage that writes down each call, and what each of its callers hears. */
export interface WardStage {
  readonly ward: Ward
  readonly quarantine: Quarantine
  readonly lines: string[]
  /** `meanwhile`: what another worker does right before the next look at an item. */
  readonly state: { now: number; meanwhile: (() => Promise<unknown>) | null }
  /** Why a row cannot be read when it is looked at alone, by its place. */
  readonly sick: Map<string, string>
  /** What a load of the services meets; null = the load fails. */
  readonly together: { met: readonly Suspect[] | null }
  /** Calls that fail (`keep`, `audit of staging`), and how often a change loses a race from now on. */
  readonly away: Set<string>
  readonly races: Races
  /** Says what is asked, and how it is answered. */
  ask(title: string, work: () => unknown): Promise<void>
  /** Puts an item into quarantine as it was kept before. */
  lay(suspect: Suspect, changes?: Partial<Quarantined>): Promise<Quarantined>
}

const idOf = (text: string) => text.replace('\n', '+').padEnd(32, '.')
const digest = (text: string) =>
  text.length > 60 ? createHash('sha256').update(text).digest('hex') : `${idOf(text)}and more`

/** Makes a stage on which nothing is in quarantine yet. */
export function wardStage(): WardStage {
  const [lines, state, sick] = [
    [] as string[],
    { now: T0, meanwhile: null } as WardStage['state'],
    new Map<string, string>(),
  ]
  const [together, away, races] = [
    { met: [] as readonly Suspect[] | null },
    new Set<string>(),
    { skip: 0, left: 0, audits: 0 },
  ]
  const sim = createSimQuarantine((item) => {
    const why = sick.get(item.place)
    return why === undefined ? null : { ...ROW, place: item.place, service: item.service, holds: item.holds, why }
  })
  const freezes = createSimFreezes()
  const heard = (name: string, said = name) => {
    lines.push(`  ${said}`)
    if (away.has(name)) throw new Fault('unavailable', `${name} is away`)
  }
  const clock = { now: () => state.now }
  const ward: Ward = createWard({
    quarantine: spoken(sim, heard, { lines, races, state }),
    freezes: spokenChains(freezes, heard, { lines, races }),
    store: {
      load: async (environment, names) => {
        heard('load', `load ${names} of ${environment}`)
        for (const one of together.met ?? []) ward.found(one)
        if (together.met === null) throw new Fault('unavailable', 'the load failed')
        return []
      },
    },
    clock,
    digest,
    environments: ['production', 'staging'],
    onTrouble: (words, error) => lines.push(`  TROUBLE ${words}: ${troubleText(error)}`),
  })
  return {
    ward,
    quarantine: sim,
    lines,
    state,
    sick,
    together,
    away,
    races,
    ask: async (title, work) => {
      lines.push(title)
      try {
        lines.push(`  = ${answer(await work())}`)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        lines.push(`  ! ${error.kind}: ${error.message}`)
      }
    },
    lay: async (suspect, changes = {}) => {
      const name = suspect.kind === 'message' ? `${suspect.place}\n${suspect.content}` : suspect.place
      const item = { ...quarantinedAs(idOf(name), suspect, null, T0), ...changes }
      await sim.keep(item, null)
      return item
    },
  }
}

function troubleText(error: unknown): string {
  return error instanceof Fault ? `${error.kind}: ${error.message}` : String(error)
}

function answer(value: unknown): string {
  if (value instanceof Set) return `{${[...value].join(' ')}}`
  const { id, tries, state } = Object(value) as Partial<Quarantined>
  return id === undefined ? plain(value ?? null) : `${id}, ${state}, tried ${tries}`
}

type Heard = (name: string, said?: string) => void

/** What an audit is owed, shortly. */
const shortly = (item: Quarantined) => ({
  ...item,
  owed: (item.owed ?? []).map(
    ({ id, row, environments }) => `${id.split(' ').slice(1)}: ${row.kind} to ${environments}`,
  ),
})

function spoken(
  sim: Quarantine,
  heard: Heard,
  { lines, races, state }: Pick<WardStage, 'lines' | 'races' | 'state'>,
): Quarantine {
  return {
    find: async (scope, id) => {
      heard('find', `find ${id} of ${scope}`)
      const { meanwhile } = state
      state.meanwhile = null
      await meanwhile?.()
      return sim.find(scope, id)
    },
    keep: async (item, token) => {
      heard('keep', `keep ${item.id} over ${plain(token)}`)
      const isLost = races.left > 0 && races.skip-- <= 0
      if (isLost) {
        races.left -= 1
        return 'conflict'
      }
      const before = await sim.find(item.environment, item.id)
      if (before === null) lines.push(`    new ${plain(shortly(item))}`)
      else lines.push(...changed(shortly(before.item), shortly(item)))
      return sim.keep(item, token)
    },
    remove: async (item, token) => {
      heard('remove', `remove ${item.id} over ${plain(token)}`)
      return sim.remove(item, token)
    },
    items: async (scope, limit, from) => {
      heard('items', `items of ${scope}, ${limit} from ${from}`)
      return sim.items(scope, limit, from)
    },
    examine: async (item) => {
      heard('examine', `examine ${item.id}`)
      return sim.examine(item)
    },
  }
}

function spokenChains(sim: Freezes, heard: Heard, { lines, races }: Pick<WardStage, 'lines' | 'races'>): Freezes {
  return {
    freezesOf: async (environment) => {
      heard(`audit of ${environment}`)
      const { lifted = [], told = [], ...kept } = await sim.freezesOf(environment)
      // An environment in which nothing was ever lifted or told has no words for it.
      return { ...kept, ...(lifted.length === 0 ? {} : { lifted }), ...(told.length === 0 ? {} : { told }) }
    },
    commitFreezes: async (change) => {
      if (races.audits-- > 0) return 'conflict'
      const told = change.told?.map(({ id, at }) => `${id.split(' ').slice(1)} at ${plain(at)}`)
      lines.push(
        `  write into the audit of ${change.environment}, which tells of ${plain(told)}, ${plain(change.lifted)}`,
      )
      lines.push(...rowsText(change.audit))
      return sim.commitFreezes(change)
    },
  }
}
