import { hash } from 'node:crypto'
import type { AuditVerdict, ServiceView } from '../../lib/api.ts'
import { baseOf } from '../../lib/core/audit-cut.ts'
import { type Break, type Walk, walkEnd, walkFrom, walkOn } from '../../lib/core/chain-walk.ts'
import { auditRows, storedRow } from '../audit-rows.ts'
import type { Call } from '../call.ts'
import { checkFetched, cutLine, cutTrouble, digestLine, type Fetched, fetchDigests, rowsNamed } from '../digests.ts'
import { EXIT } from '../exit.ts'
import { type Api, connect, isAnswer } from '../http.ts'
import type { Io } from '../io.ts'
import { environmentOf } from '../target.ts'
import { clean, sign } from '../words.ts'

interface Options {
  readonly service?: string
}

/** What the service says of a chain, and what walking its rows here has shown. */
interface Checked {
  readonly entityId: string
  /** Rows that were found right here. */
  readonly rows: number
  readonly intact: boolean
  readonly broken: Break | null
  readonly head: AuditVerdict['head']
  /** What the service itself says. */
  readonly service: Pick<AuditVerdict, 'intact' | 'broken'>
}

/**
 * `slipway audit verify`: walks every chain on this machine, row by row from the head that the service names back to the first,
 * and compares with what the service says of itself and with the signed digests. Exit code 1 where something is broken.
 */
export async function run({ io, options }: Call<Options>): Promise<number> {
  const api = connect(io, options)
  const environment = await environmentOf(api, options.environment, options.service)
  const fetched = await fetchDigests(api, environment)
  const wrong = fetched === null ? null : cutTrouble(environment, fetched)
  const told = await verdictsOf(api, environment, options.service)
  const verdicts = [...told, ...(options.service === undefined ? unlisted(fetched, told) : [])]
  const { checked, seen } = await walkHere(api, environment, options.service, verdicts, fetched)
  const walked = options.service === undefined ? null : new Set(verdicts.map(({ entityId }) => entityId))
  const digests = fetched === null ? null : checkFetched(environment, fetched, seen, walked)
  const isWhole = checked.every((one) => one.intact && one.service.intact)
  const isSound = isWhole && wrong === null && (digests?.broken.length ?? 0) === 0
  const cut = fetched?.cut ?? null
  const removed = cut === null ? null : { ...cut, broken: wrong }
  if (options.json === true) io.write(JSON.stringify({ items: checked, nextLink: null, digests, removed }))
  else {
    for (const one of checked) io.write(lineOf(io, one))
    io.write(digestLine(io, environment, digests))
    if (cut !== null) io.write(cutLine(io, cut, wrong))
  }
  if (options.json !== true)
    io.talk(isSound ? 'Every row gives its hash, and every chain ends in the head that the service keeps.' : BROKEN)
  return isSound ? EXIT.ok : EXIT.error
}

const BROKEN =
  'A chain is broken: rows were changed, taken out or put in. Keep an export (slipway audit export) and tell your security team.'

/** What the service says of its chains: those of the services, and the environment's own where it has one. */
async function verdictsOf(
  api: Api,
  environment: string,
  service: string | undefined,
): Promise<readonly AuditVerdict[]> {
  const names: (string | null)[] = service === undefined ? [null] : [service]
  if (service === undefined) {
    for await (const one of api.items<ServiceView>('/v1/services', { environment })) names.push(one.service)
  }
  const verdicts: AuditVerdict[] = []
  for (const name of names) {
    const verdict = await verdictOf(api, environment, name).catch((error: unknown) => {
      if (name === null && isAnswer(error, 400, 403, 404, 422)) return null
      throw error
    })
    if (verdict !== null) verdicts.push(verdict)
  }
  return verdicts
}

/** Chains that the newest digest names and the service does not list, since it cannot read them or they are gone: walked from there. */
function unlisted(fetched: Fetched | null, told: readonly AuditVerdict[]): readonly AuditVerdict[] {
  const newest = fetched?.digests.at(-1)
  const listed = new Set(told.map(({ entityId }) => entityId))
  return (newest?.heads ?? []).flatMap(({ entityId, seq, hash }) => {
    if (listed.has(entityId)) return []
    const head = { id: `${entityId}#${seq}`, hash, happenedAt: newest?.at ?? '' }
    return [{ entityId, intact: true, rows: 0, head, broken: null, removed: null, nextLink: null }]
  })
}

/** The service's verdict on one chain; a long walk of its goes on where it says. */
async function verdictOf(api: Api, environment: string, service: string | null): Promise<AuditVerdict> {
  const first = await api.get<AuditVerdict>('/v1/audit/verify', { environment, service })
  let last = first
  while (last.nextLink !== null && last.broken === null)
    last = await api.get<AuditVerdict>(last.nextLink.replace(/^\/api/, ''))
  return { ...last, head: first.head }
}

async function walkHere(
  api: Api,
  environment: string,
  service: string | undefined,
  verdicts: readonly AuditVerdict[],
  fetched: Fetched | null,
): Promise<{ readonly checked: readonly Checked[]; readonly seen: ReadonlyMap<string, string> }> {
  const named = fetched === null ? new Set<string>() : rowsNamed(fetched)
  const seen = new Map<string, string>()
  const walks = new Map<string, { walk: Walk; broken: Break | null }>()
  for (const { entityId, head, removed } of verdicts) {
    // Who may see the digests goes by the signed cut, others by what the service says.
    const base = fetched === null ? (removed ?? NOTHING) : baseOf(fetched.cut, entityId)
    const top = head === null ? NOTHING : { seq: Number(/#(\d+)$/.exec(head.id)?.[1]), hash: head.hash }
    const walk = walkFrom(top, base)
    walks.set(entityId, { walk, broken: null })
  }
  const isEnough = () => [...walks.values()].every(({ walk, broken }) => broken !== null || walk.seq <= walk.base.seq)
  if (!isEnough() || named.size > 0) {
    for await (const row of auditRows(api, { environment, service, limit: 100 })) {
      if (named.has(row.id)) seen.set(row.id, row.hash)
      const at = walks.get(row.entityId)
      if (at === undefined || at.broken !== null) continue
      walks.set(row.entityId, walkOn(at.walk, row.entityId, [storedRow(row)], sha256))
    }
  }
  const checked = verdicts.map(({ entityId, head, intact, broken: said }) => {
    const { walk = walkFrom(NOTHING), broken = null } = walks.get(entityId) ?? {}
    const found = broken ?? walkEnd(walk, entityId)
    return { entityId, rows: walk.rows, intact: found === null, broken: found, head, service: { intact, broken: said } }
  })
  return { checked, seen }
}

const NOTHING = { seq: 0, hash: '0'.repeat(64) }

function sha256(text: string): string {
  return hash('sha256', text)
}

function lineOf(io: Io, { entityId, rows, broken, head, service }: Checked): string {
  const newest = head === null ? '' : `, head ${head.hash.slice(0, 12)} (${clean(head.id, 80)})`
  if (broken !== null)
    return `${sign(io, 'bad')} ${entityId}: broken at ${clean(broken.id, 80)}: ${clean(broken.because, 300)}; ${rows} newer rows are right`
  if (!service.intact)
    return `${sign(io, 'bad')} ${entityId}: ${rows} rows are right here, but the service says: ${clean(service.broken?.because ?? 'broken', 300)}`
  return `${sign(io, 'good')} ${entityId}: ${rows} ${rows === 1 ? 'row' : 'rows'}, unbroken${newest}`
}
