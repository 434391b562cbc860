import type { AuditRow } from '../../lib/core/audit.ts'
import { cutText, nextCut, type SignedCut } from '../../lib/core/audit-cut.ts'
import type { ChainHead, PublicKey, SignedDigest } from '../../lib/core/audit-digest.ts'
import { GENESIS, sealAs } from '../../lib/core/chain.ts'
import type { SignatureVerdict } from '../../lib/core/digest-check.ts'
import type { Watchman } from '../../lib/engine/audit-night.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { AuditKeeper, AuditLog, Freezes, Loaded, Night } from '../../lib/ports.ts'
import { HOUR, T0 } from '../support/builders.ts'
import { aDigest, sha256 } from '../support/digests.ts'
import { changed, plain, rowsText } from './words.ts'

const ENVIRONMENT = 'production'

/** What may be done to an audit, and what happens to those who read it. */
interface State {
  now: number
  /** What is said of every signature; null = the truth. */
  verdict: SignatureVerdict | null
  /** How much later it is after each page of rows, and how many rows a page has at most. */
  eachPageMs: number
  mostRows: number
  /** Why the log cannot be read now. */
  away: string | null
  night: { night: Night | null; token: number }
  /** From which change of the night on somebody else is faster, counted from 1. */
  racesAt: number
  /** Somebody else cuts right after the newest cut was asked for the n-th time. */
  cutsAfter: (n: number) => boolean
  /** Whether somebody else is faster at each cut. */
  isCutTaken: boolean
  /** The key that signs now. */
  keyId: string
}

const signed = (text: string, keyId: string) =>
  ({ algorithm: 'ES256', keyId, value: sha256(text).slice(0, 8) }) as const
const entityOf = (name: string | null) => (name === null ? ENVIRONMENT : `${ENVIRONMENT}/${name}`)
/** Newest first; at one time by name, and then the highest number. */
const listed = (one: AuditRow, other: AuditRow) =>
  other.happenedAt - one.happenedAt ||
  (one.entityId < other.entityId ? -1 : Number(one.entityId > other.entityId)) ||
  other.seq - one.seq

/** An audit in memory that anybody may change, and what is asked of it, a line each. */
export function auditWorld() {
  const state: State = {
    now: T0,
    verdict: null,
    eachPageMs: 0,
    mostRows: 1_000,
    away: null,
    night: { night: null, token: 0 },
    racesAt: Number.POSITIVE_INFINITY,
    cutsAfter: () => false,
    isCutTaken: false,
    keyId: 'pen',
  }
  const lines: string[] = []
  const rows: AuditRow[] = []
  const [digests, cuts]: [SignedDigest[], SignedCut[]] = [[], []]
  const heads = new Map<string, ChainHead>([[ENVIRONMENT, { entityId: ENVIRONMENT, seq: 0, hash: GENESIS }]])
  const running: Loaded[] = []
  /** Services whose rows cannot be read now. */
  const unread = new Set<string>()
  const world = { state, lines, rows, digests, cuts, heads, running, unread }
  const seal = (entityId: string, drafts: Parameters<typeof sealAs>[2]) => {
    const sealed = sealAs(entityId, heads.get(entityId) ?? { seq: 0, hash: GENESIS }, drafts, state.now, sha256)
    rows.push(...sealed.rows)
    heads.set(entityId, { entityId, ...sealed.chain })
  }
  const write = (name: string | null) => seal(entityOf(name), [DRAFT])
  /** The digest of now; `newest` = the one that it says is before it. */
  const digest = (newest = digests.at(-1) ?? null) => {
    const named = [...heads.values()].map((head) => ({ ...head }))
    digests.push(aDigest({ sign: (text) => signed(text, 'pen') }, newest, named, state.now))
  }
  /** The cut at a digest, as it is stored; its rows are there yet. */
  const cutAt = (number: number, more: Partial<SignedCut> = {}): SignedCut => {
    const named = digests[number - 1]
    if (named === undefined) throw new Error('there is no such digest')
    const said = { ...nextCut(cuts.at(-1) ?? null, named, 90, state.now), ...more }
    const cut = { ...said, hash: sha256(cutText(said)), signature: signed(cutText(said), 'pen') }
    cuts.push(cut)
    return cut
  }
  const wheel = {
    clock: { now: () => state.now },
    digest: sha256,
    freezes: freezesOf(world, seal),
    catalogue: { list: async () => ({ items: servicesOf(world), next: null }) },
    store: {
      due: async () => ['all'],
      load: async (_: string, names: readonly string[]) =>
        names[0] === 'all'
          ? running
          : servicesOf(world).flatMap((service) => (service.key.name === names[0] ? [{ service }] : [])),
    },
    heldBy: ({ name }: { readonly name: string }) => (unread.has(name) ? 'it cannot be read' : null),
  } as unknown as Wheel
  const man: Watchman = {
    digests: {
      page: async (_, limit) => ({ items: digests.toReversed().slice(0, limit), next: null }),
      append: async () => 'conflict',
    },
    signer: {
      sign: async (text) => signed(text, state.keyId),
      publicKeys: async () => [{ kid: state.keyId } as PublicKey],
    },
    log: { page: async (query) => pageOf(world, query) },
    keeper: keeperOf(world, () => cutAt(1)),
    verify: (_, text, { value }) => state.verdict ?? (value === sha256(text).slice(0, 8) ? 'good' : 'bad'),
  }
  return {
    ...world,
    wheel,
    man,
    write,
    digest,
    /** Times in which each of two services has a row; each ends with a digest. */
    live: (times: number, eachMs = HOUR) => {
      for (let time = 0; time < times; time += 1) {
        state.now += eachMs
        write('pricing')
        write('basket')
        digest()
      }
    },
    cutAt,
    /** The row of a service with this number becomes another, or is gone. */
    spoil: (name: string | null, seq: number, change: (row: AuditRow) => AuditRow | null) => {
      const at = rows.findIndex((row) => row.entityId === entityOf(name) && row.seq === seq)
      const [row] = rows.splice(at, 1)
      const next = row === undefined ? null : change(row)
      if (next !== null) rows.push(next)
    },
    ask: async (title: string, work: () => Promise<unknown>) => {
      lines.push(title)
      try {
        lines.push(`  = ${plain((await work()) ?? null)}`)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        lines.push(`  ! ${error.kind}: ${error.message}`)
      }
    },
  }
}

/** An audit in memory. */
export type AuditWorld = ReturnType<typeof auditWorld>
type World = Pick<AuditWorld, 'state' | 'lines' | 'rows' | 'digests' | 'cuts' | 'heads' | 'running' | 'unread'>

const DRAFT = {
  kind: 'manifest-stored',
  metric: 'manifest',
  value: null,
  notes: 'n',
  actor: 'ada',
  rollout: null,
  step: null,
  weightsBefore: null,
  weightsAfter: null,
  evidence: [],
  detail: null,
} as const

function freezesOf({ heads, lines }: World, seal: (entityId: string, drafts: readonly AuditRow[]) => void): Freezes {
  let told: NonNullable<Parameters<Freezes['commitFreezes']>[0]['told']> = []
  return {
    freezesOf: async () => {
      const { seq, hash } = heads.get(ENVIRONMENT) ?? { seq: 0, hash: GENESIS }
      return { freezes: [], lifted: [], told, chain: { seq, hash }, token: seq }
    },
    commitFreezes: async (change) => {
      const isAnew = change.told !== told
      told = change.told ?? []
      lines.push(...(isAnew ? [`  tells once: ${told[0]?.id.replace(/\d{13}/, (at) => plain(Number(at)))}`] : []))
      lines.push(...rowsText(change.audit))
      seal(ENVIRONMENT, change.audit)
      return 'saved'
    },
  }
}

function servicesOf({ heads, unread }: World) {
  return [...heads.values()].flatMap(({ entityId, seq, hash }) => {
    const [environment, name] = entityId.split('/')
    return name === undefined || unread.has(name) ? [] : [{ key: { environment, name }, chain: { seq, hash } }]
  })
}

async function pageOf({ state, lines, rows }: World, query: Parameters<AuditLog['page']>[0]) {
  const { environment, service, since = 0, until = Number.POSITIVE_INFINITY, limit, from } = query
  lines.push(`  read ${plain({ since, until, limit, from })}${service === undefined ? '' : ` of ${service}`}`)
  if (state.away !== null) throw new Fault('unavailable', state.away)
  state.now += state.eachPageMs
  const all = rows.filter(({ entityId, happenedAt }) => {
    const isAsked = service === undefined || entityId === entityOf(service)
    return isAsked && entityId.startsWith(environment) && happenedAt >= since && happenedAt < until
  })
  const at = Number(from ?? '0')
  const most = Math.min(limit, state.mostRows)
  const next = at + most < all.length ? String(at + most) : null
  return { items: all.toSorted(listed).slice(at, at + most), next }
}

function keeperOf({ state, lines, rows, digests, cuts }: World, cut: () => unknown): AuditKeeper {
  let [changes, asked] = [0, 0]
  return {
    digest: async (_, number) => digests.find((one) => one.number === number) ?? null,
    night: async () => state.night,
    keepNight: async (_, night, token) => {
      changes += 1
      const isLost = token !== state.night.token || changes >= state.racesAt
      lines.push(`  night ${night.phase}${isLost ? ', but somebody else was faster' : ''}`)
      lines.push(...changed(state.night.night ?? {}, night))
      if (isLost) return null
      state.night = { night, token: state.night.token + 1 }
      return state.night
    },
    newestCut: async () => {
      const newest = cuts.at(-1) ?? null
      asked += 1
      if (state.cutsAfter(asked)) cut()
      return newest
    },
    appendCut: async (cut) => {
      lines.push(`  cut ${plain(cut)}`)
      if (state.isCutTaken) return 'conflict'
      cuts.push(cut)
      return 'saved'
    },
    removeRows: async (_, gone) => {
      const ids = gone.map(({ entityId, seq }) => `${entityId}#${seq}`)
      lines.push(`  remove ${ids.length > 20 ? `${ids.length} rows from ${ids[0]} to ${ids.at(-1)}` : ids.join(' ')}`)
      state.now += state.eachPageMs
      const keys = new Set(gone.map(({ entityId, seq, happenedAt }) => `${entityId}#${seq} ${happenedAt}`))
      const left = rows.filter(({ entityId, seq, happenedAt }) => !keys.has(`${entityId}#${seq} ${happenedAt}`))
      rows.splice(0, rows.length, ...left)
    },
  }
}
