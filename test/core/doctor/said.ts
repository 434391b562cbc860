import { lookFindings, type Rights, setUpFindings } from '../../../lib/core/doctor/app.ts'
import type { Names } from '../../../lib/core/doctor/commands.ts'
import type { Finding } from '../../../lib/core/doctor/finding.ts'
import { nightFinding } from '../../../lib/core/doctor/night.ts'
import { quarantineFinding } from '../../../lib/core/doctor/quarantine.ts'
import { environmentQueries, type LogRoute, logFinding, sourceFinding } from '../../../lib/core/doctor/sources.ts'
import {
  chainFinding,
  heartbeatFinding,
  type StorageAnswer,
  storageFindings,
} from '../../../lib/core/doctor/storage.ts'
import type { Reading, Silence } from '../../../lib/core/judge/reading.ts'
import type { SourceName } from '../../../lib/core/service.ts'
import { anApp, appAt, aQuery, aService, errors, T0 } from '../../support/builders.ts'
import { auditRows } from '../../support/state.ts'

const NAMES: Names = {
  principal: 'the-principal',
  account: 'slipwaystore',
  vault: 'slipwayvault',
  hookKeys: 'slipway-hook-keys',
  site: { name: 'slipway-fn', group: 'slipway' },
}
const NAMELESS: Names = { principal: null, account: null, vault: null, hookKeys: 'slipway-hook-keys', site: null }
const KEYS = ['pricing', 'routing'].map((name) => ({ environment: 'production', name }))

const setUp = (changes: Partial<Parameters<typeof setUpFindings>[1]>, isOpen = false, names = NAMES) => {
  const rights: readonly Rights[] = [{ actions: ['*'], notActions: [] }]
  const usual = { environmentId: 'shop', hasIngress: true, minReplicas: 1, registries: ['acme.azurecr.io'], rights }
  return setUpFindings(aService(), { ...usual, ...changes }, isOpen, names)
}
const mayDo = (...rights: readonly Rights[]) => setUp({ rights }).slice(-1)
const granted = (...actions: readonly string[]) => mayDo({ actions, notActions: [] })
const answer = (changes: Partial<StorageAnswer>): StorageAnswer => {
  return { kind: 'table', name: 'SlipwayState', trouble: null, poisoned: 0, time: null, ...changes }
}
const queue = (changes: Partial<StorageAnswer>) => answer({ kind: 'queue', name: 'slipway-intake', ...changes })
const apart = (ms: number) => storageFindings([answer({ time: { theirs: T0, ours: T0 + ms } })], NAMES).slice(-1)
const refusal = (kind: 'denied' | 'not-found' | 'unavailable') => ({
  kind,
  message: `it is ${kind}`,
  retryAfterMs: null,
})
const log = (...routes: readonly Partial<LogRoute>[]) => {
  const usual = { workspace: 'logs', customerId: 'the-logs', categories: ['ContainerAppHTTPLogs'] }
  const all = routes.map((route) => ({ ...usual, ...route }))
  return [logFinding('production/pricing', 'shop', all, NAMES, 'the-logs')]
}
const answering = (kind: SourceName) => {
  const query = aQuery({ kpi: { ...errors(), source: { kind } as ReturnType<typeof errors>['source'] } })
  const reading: Reading = { id: query.id, kind: 'measured', buckets: [], quality: 'exact', query: '', note: null }
  return sourceFinding('production', query, reading, NAMES, 'the-logs')
}
const silent = (kind: SourceName, silence: Silence, workspace: string | null) => {
  const query = aQuery({ kpi: { ...errors(), source: { kind } as ReturnType<typeof errors>['source'] } })
  const reading: Reading = { id: query.id, kind: 'missing', silence, why: `it is ${silence}`, query: '' }
  return [sourceFinding('production', query, reading, NAMES, workspace)]
}
const chains = (
  edit: (rows: ReturnType<typeof auditRows>) => ReturnType<typeof auditRows>,
  seqs: readonly number[],
) => {
  const all = KEYS.map((key) => auditRows(key, 1, 3))
  const services = KEYS.map((key, place) => {
    const head = all[place]?.[(seqs[place] ?? 0) - 1]
    return aService({ key, chain: { seq: seqs[place] ?? 0, hash: head?.hash ?? 'another' } })
  })
  return [chainFinding('production', services, edit(all.flat()))]
}

/** By title, what was found; its words stand in `said.txt`. */
export const SCENES: Readonly<Record<string, () => readonly Finding[]>> = {
  'an app that is as it should be': () =>
    lookFindings(aService(), { kind: 'seen', app: anApp() }, NAMES).concat(setUp({})),
  'an app that is not': () => {
    const app = { ...appAt(10), mode: 'Single', stickySessions: true, traffic: [] }
    const found = lookFindings(aService(), { kind: 'seen', app }, NAMES)
    const poor = { hasIngress: false, minReplicas: 0, registries: ['ghcr.io'], rights: [] }
    return [...found, ...setUp(poor, false, NAMELESS)]
  },
  'an app of two replicas with an open registry, and rights that cannot be told': () =>
    setUp({ minReplicas: 2, registries: [], rights: null }, true),
  'apps that cannot be seen': () =>
    (['denied', 'not-found', 'unavailable'] as const).flatMap((kind) =>
      lookFindings(aService(), { kind: 'unseen', fault: refusal(kind) }, NAMES),
    ),
  'rights by patterns': () => [
    ...granted('microsoft.app/CONTAINERAPPS/*'),
    ...granted('*/containerApps/*/action', '*/write', '*/read'),
    ...granted('Microsoft.App/*/read', 'Microsoft.App/*/revisions/*'),
    ...granted('Microsoft.App/containerApps/read', 'Microsoft.App/containerApps/write'),
    ...granted('Microsoft.App/containerApps/*revisions/*action', '*/write', '*/read'),
    ...granted(
      'Microsoft.App/containerApps/readers*',
      '*Apps/readread',
      'Microsoft*Microsoft.App/containerApps/write',
      '',
    ),
    ...granted('Microsoft.App/containerApps/*ps/read', 'Microsoft.App/containerApps/writ*Apps*', '*'.repeat(3)),
    ...granted('Microsoft.App/containerApps/read*', 'Microsoft.App/*Apps*Apps/*', '*/containerApps/*/write', '*/*ite'),
    ...mayDo({ actions: ['*'], notActions: ['*/write'] }),
    ...mayDo({ actions: ['*'], notActions: ['*/write'] }, { actions: ['*/containerApps/write'], notActions: [] }),
  ],
  'storage that answers': () => storageFindings([answer({}), queue({}), queue({ poisoned: 1 })], NAMES),
  'storage that refuses, or keeps what nobody could act on': () => [
    ...storageFindings([answer({ trouble: refusal('denied') }), queue({ trouble: refusal('denied') })], NAMELESS),
    ...storageFindings([answer({ trouble: refusal('not-found') }), queue({ trouble: refusal('not-found') })], NAMELESS),
    ...storageFindings([queue({ trouble: refusal('not-found'), poisoned: 3 })], NAMES),
    ...storageFindings([queue({ trouble: refusal('unavailable') }), queue({ poisoned: 3 })], NAMELESS),
    ...storageFindings([queue({ poisoned: 3 })], NAMES),
  ],
  'clocks further and further apart': () => [
    ...apart(29_999),
    ...apart(-30_000),
    ...apart(239_999),
    ...apart(240_000),
    ...storageFindings(
      [60_000, 1_000].map((ms) => answer({ time: { theirs: T0 + ms, ours: T0 } })),
      NAMES,
    ).slice(-1),
  ],
  'what is due and is not looked at': () => [
    heartbeatFinding('production', [], NAMES),
    heartbeatFinding('production', ['pricing'], NAMES),
    heartbeatFinding('production', ['a1', 'a2', 'a3', 'a4', 'a5'], NAMES),
    heartbeatFinding('production', ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'], NAMELESS),
  ],
  'chains whose heads are there': () => chains((rows) => rows, [3, 3]),
  'chains that ended since the services were read': () => chains((rows) => rows, [2, 3]),
  'chains whose heads are older than all rows': () => chains(() => [], [3, 3]),
  'chains of which one lost its head': () =>
    chains((rows) => rows.filter(({ entityId, seq }) => entityId !== 'production/routing' || seq < 3), [3, 3]),
  'chains whose heads were changed': () => chains((rows) => rows.map((row) => ({ ...row, hash: 'changed' })), [3, 2]),
  'chains whose head is beyond the rows that were read': () =>
    chains((rows) => rows.filter(({ entityId, seq }) => entityId !== 'production/routing' || seq === 3), [3, 2]),
  'an access log that is sent': () => log({}, { customerId: 'elsewhere' }),
  'an access log that is sent among others': () => log({ categories: ['ContainerAppConsoleLogs', 'allLogs'] }),
  'an access log that is not sent': () => [...log(), ...log({ categories: [] }), ...log({ customerId: 'elsewhere' })],
  'an access log that is sent nobody knows where': () => [
    ...log({ customerId: null }),
    ...log({ customerId: null, workspace: 'the-first' }, { customerId: null, workspace: 'the-second' }),
    logFinding('production/pricing', 'shop', refusal('denied'), NAMES, 'the-logs'),
  ],
  'sources that are silent, or answer': () => [
    answering('azure-logs'),
    ...silent('azure-logs', 'denied', 'the-logs'),
    ...silent('app-insights', 'denied', 'the-logs'),
    ...silent('prometheus', 'denied', 'the-logs'),
    ...silent('azure-logs', 'denied', null),
    ...silent('azure-logs', 'malformed', 'the-logs'),
    ...silent('azure-logs', 'down', 'the-logs'),
  ],
  'what waits in quarantine': () => [
    quarantineFinding(null, []),
    quarantineFinding('production', ['row', 'message', 'service']),
    quarantineFinding(null, ['service', 'row', 'message', 'service', 'row', 'message']),
    quarantineFinding('production', ['message']),
  ],
  'what nights found': () => [
    nightFinding('production', null, T0),
    nightFinding('production', { at: T0, rows: 12, found: 0 }, T0),
    nightFinding('production', { at: T0, rows: 12, found: 1 }, T0),
    nightFinding('production', { at: T0, rows: 12, found: 0 }, T0 + 2 * 86_400_000),
    nightFinding('production', { at: T0, rows: 12, found: 0 }, T0 + 2 * 86_400_000 + 1),
  ],
}

/** Everything that is asked of the sources of an environment. */
export const asked = () => environmentQueries('production', { workspace: 'the-logs', hasPrometheus: true }, T0)

/** A finding as a line that a person reads, and its command below it. */
export const lineOf = ({ subject, check, result, message, fix }: Finding) =>
  `${subject} ${check} ${result}: ${message}${fix === null ? '' : `\n    ${fix}`}`
