import type { AuditDraft } from '../core/audit.ts'
import { isReleased, isResting, type Quarantined, type Suspect } from '../core/quarantine.ts'
import { quarantineRow } from '../core/quarantine-row.ts'
import { entityId } from '../core/service.ts'
import { Fault, withoutSecrets } from '../errors.ts'
import type { Clock, Quarantine } from '../ports.ts'
import { ATTEMPTS } from './attempts.ts'
import { inLanes } from './lanes.ts'

/** What a turn came to for a service, as far as it matters here. */
export interface Outcome {
  readonly name: string
  readonly result: 'saved' | 'lost' | 'broken' | 'nothing' | 'left'
  readonly error: unknown
  /** Whether its canary may have users that are to go back; absent = nobody can tell. */
  readonly mayGoBack?: boolean
}

/** Looks after services whose rows can be read, and on which our own code breaks turn after turn. */
export interface Infirmary {
  /** Services that are not to be looked at yet. Never one whose canary may have users that are to go back. Never throws. */
  restingIn(environment: string): Promise<ReadonlySet<string>>
  /** Services that broke our code when they were looked at last: they are turned apart from the others. Never throws. */
  sickIn(environment: string): Promise<ReadonlySet<string>>
  /** Lets a service rest no more, before a person's order may bring its canary on: nobody may die in between. Never throws. */
  wake(environment: string, name: string): Promise<void>
  /** Takes note of what turns came to: who breaks them again and again is written down, who does no more is released. Never throws. */
  note(environment: string, turned: readonly Outcome[]): Promise<void>
}

/** What looking after them needs; the ward has it. */
export interface InfirmaryOptions {
  readonly quarantine: Pick<Quarantine, 'find' | 'keep'>
  readonly clock: Clock
  readonly ailingIn: (environment: string) => Promise<ReadonlyMap<string, Quarantined>>
  readonly admit: (suspect: Suspect) => Promise<Quarantined>
  readonly release: (item: Quarantined, token: unknown, row: AuditDraft) => Promise<unknown>
  /** What this process is to know from now on of what was just stored. */
  readonly remember: (item: Quarantined) => void
  readonly attempted: (work: () => Promise<unknown>) => Promise<void>
}

/** Turns in a row that must break before people are told: one alone may be a race. */
const MOST_BROKEN = 3
/** A service that is tried at every look is written down no more often than this. */
const WRITTEN_EVERY_MS = 30_000

/** Services that are written down at once: what breaks all of them must not keep the next slice waiting. */
const LANES = 32

/** Makes the infirmary of one process. Until a service is written down, each process counts its own turns. */
export function createInfirmary(options: InfirmaryOptions): Infirmary {
  const { clock, ailingIn, attempted } = options
  const broken = new Map<string, number>()
  const breaks = async (environment: string, one: Outcome, known: Quarantined | undefined) => {
    const id = entityId({ environment, name: one.name })
    const times = (broken.get(id) ?? 0) + 1
    broken.set(id, times)
    const isFresh = known !== undefined && isWithin(known.triedAt, clock.now(), WRITTEN_EVERY_MS)
    const isSick = known === undefined ? times >= MOST_BROKEN : !isFresh || known.state === 'redriven'
    if (isSick) await attempted(() => options.admit(suspectOf(environment, one)))
  }
  const succeeds = async (environment: string, name: string, known: Quarantined | undefined) => {
    broken.delete(entityId({ environment, name }))
    if (known !== undefined) await attempted(() => releaseKnown(options, known))
  }
  return {
    restingIn: async (environment) => {
      const now = clock.now()
      const rests = [...(await ailingIn(environment))].filter(([, item]) => isResting(item, now))
      return new Set(rests.map(([name]) => name))
    },
    sickIn: async (environment) => new Set((await ailingIn(environment)).keys()),
    wake: async (environment, name) => {
      const known = (await ailingIn(environment)).get(name)
      if (known !== undefined) await attempted(() => wakeKnown(options, known))
    },
    note: async (environment, turned) => {
      const ailing = new Map(await ailingIn(environment))
      const noteOne = async (one: Outcome) => {
        const known = ailing.get(one.name)
        if (isBreak(one)) await breaks(environment, one, known)
        else if (one.result === 'saved' || one.result === 'nothing') await succeeds(environment, one.name, known)
      }
      await inLanes(turned, noteOne, LANES)
    },
  }
}

/** Whether our own code broke, or made something that nobody can store. Storage that is away, and the like, says nothing about a service. */
function isBreak({ result, error }: Outcome): boolean {
  return result === 'broken' && (!(error instanceof Fault) || error.kind === 'malformed')
}

function isWithin(at: number, now: number, ms: number): boolean {
  return at <= now && now - at < ms
}

/** What this process has heard may be old: another one may have tried it since, and let it rest for longer. */
async function wakeKnown({ quarantine, clock, remember }: InfirmaryOptions, known: Quarantined): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const loaded = await quarantine.find(known.environment, known.id)
    const awake = { ...(loaded?.item ?? known), nextTryAt: null }
    const rests = loaded !== null && isResting(loaded.item, clock.now())
    if (rests && (await quarantine.keep(awake, loaded.token)) === 'conflict') continue
    return remember(awake)
  }
}

async function releaseKnown(
  { quarantine, release }: InfirmaryOptions,
  { environment, id }: Quarantined,
): Promise<void> {
  const loaded = await quarantine.find(environment, id)
  // This process may have heard of it before another one released it.
  if (loaded === null || isReleased(loaded.item)) return
  await release(loaded.item, loaded.token, quarantineRow('quarantine-over', loaded.item, 'slipway'))
}

function suspectOf(environment: string, { name, error, mayGoBack = true }: Outcome): Suspect {
  const why = error instanceof Error ? `${error.name}: ${error.message}` : 'what was thrown is no error'
  return {
    kind: 'service',
    what: 'turn',
    place: entityId({ environment, name }),
    environment,
    service: name,
    field: null,
    why: withoutSecrets(why),
    holds: false,
    content: null,
    mayGoBack,
  }
}
