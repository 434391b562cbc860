import type { AuditRow } from '../lib/core/audit.ts'
import { claimEnd, shareOf } from '../lib/core/claims.ts'
import type { BucketLine, JudgeState } from '../lib/core/judge/state.ts'
import type { Rollout } from '../lib/core/rollout.ts'
import { entityId, type ServiceState } from '../lib/core/service.ts'
import type { Change, Claimed, CommandRecord, Loaded } from '../lib/ports.ts'
import { createDueLine, type DueLine } from './store-due.ts'

/** All that is kept of one service. */
export interface Box {
  service: ServiceState
  serviceVersion: number
  /** By number, ascending. */
  readonly rollouts: Rollout[]
  rolloutVersion: number
  /** By number of the rollout. */
  readonly judges: Map<number, JudgeState>
  /** By number of the rollout, in the order in which they were absorbed. */
  readonly buckets: Map<number, BucketLine[]>
  readonly audit: AuditRow[]
  readonly commands: Map<string, CommandRecord>
}

/** All that is kept of one environment. */
export interface Partition {
  readonly boxes: Map<string, Box>
  readonly due: DueLine
}

interface Token {
  readonly serviceVersion: number
  readonly rolloutVersion: number
}

/** The named services with their newest rollouts and what the judge remembers of them; unknown names are left out. */
export function load(partition: Partition | undefined, names: readonly string[]): readonly Loaded[] {
  const found: Loaded[] = []
  for (const name of names) {
    const box = partition?.boxes.get(name)
    if (box === undefined) continue
    const token: Token = { serviceVersion: box.serviceVersion, rolloutVersion: box.rolloutVersion }
    const rollout = box.rollouts.at(-1) ?? null
    const judge = rollout === null ? null : (box.judges.get(rollout.number) ?? null)
    found.push({ service: box.service, rollout, judge, token })
  }
  return found
}

/** An environment with nothing in it. */
export function createPartition(): Partition {
  return { boxes: new Map(), due: createDueLine() }
}

/** Stores a change whole, or nothing of it where it lost a race. Throws where the change contradicts itself. */
export function commit(partition: Partition, change: Change): 'saved' | 'conflict' {
  const box = partition.boxes.get(change.key.name)
  if (lostRace(box, change)) return 'conflict'
  checkChange(change, box)
  store(partition, change, box ?? addBox(partition, change))
  return 'saved'
}

/** True where a row that this change would write was written since the load. */
function lostRace(box: Box | undefined, change: Change): boolean {
  if (change.token === null) return box !== undefined
  if (box === undefined) return true
  const token = change.token as Token
  if (change.service !== undefined && token.serviceVersion !== box.serviceVersion) return true
  if (change.rollout !== undefined && token.rolloutVersion !== box.rolloutVersion) return true
  return change.command !== undefined && box.commands.has(change.command.id)
}

/** Refuses what the rows of the real store could not hold together: such a change is a mistake of the caller. */
function checkChange(change: Change, box: Box | undefined): void {
  const { key, service, rollout, audit } = change
  const refuse = (why: string): never => {
    throw new Error(`commit of ${entityId(key)}: ${why}`)
  }
  if (box === undefined && service === undefined) refuse('a new service needs its service state')
  if (service !== undefined && entityId(service.key) !== entityId(key))
    refuse(`service state of ${entityId(service.key)}`)
  if (rollout !== undefined && entityId(rollout.key) !== entityId(key)) refuse(`rollout of ${entityId(rollout.key)}`)
  const newest = box?.rollouts.at(-1)?.number ?? 0
  if (rollout !== undefined && rollout.number !== newest && service?.rolloutNumber !== rollout.number) {
    refuse(`rollout ${rollout.number} is neither the newest (${newest}) nor the one that the service state names`)
  }
  checkJudge(change, refuse)
  if (audit.length > 0 && service === undefined) refuse('audit rows need the service state, which holds their chain')
  const start = box?.service.chain.seq ?? 0
  for (const [index, row] of audit.entries()) {
    if (row.seq !== start + index + 1) refuse(`audit row ${row.seq} where ${start + index + 1} comes next`)
  }
  if (service !== undefined && service.chain.seq !== start + audit.length) {
    refuse(`the chain says ${service.chain.seq} rows, stored are ${start + audit.length}`)
  }
}

function checkJudge({ rollout, judge, buckets }: Change, refuse: (why: string) => never): void {
  if (judge !== undefined && judge.rollout !== rollout?.id) {
    refuse(`the judge’s state of ${judge.rollout} beside ${rollout?.id ?? 'no rollout'}`)
  }
  if (buckets !== undefined && buckets.rollout !== judge?.rollout) {
    refuse(`buckets of ${buckets.rollout} beside ${judge === undefined ? 'no judge' : `the judge of ${judge.rollout}`}`)
  }
}

function addBox(partition: Partition, change: Change): Box {
  const service = change.service as ServiceState
  const box: Box = {
    service,
    serviceVersion: 0,
    rollouts: [],
    rolloutVersion: 0,
    judges: new Map(),
    buckets: new Map(),
    audit: [],
    commands: new Map(),
  }
  partition.boxes.set(change.key.name, box)
  return box
}

function store(partition: Partition, change: Change, box: Box): void {
  if (change.service !== undefined) {
    box.service = change.service
    box.serviceVersion += 1
  }
  if (change.rollout !== undefined) {
    const { rollout } = change
    const before = box.rollouts.at(-1)
    if (before?.number === rollout.number) box.rollouts[box.rollouts.length - 1] = rollout
    else box.rollouts.push(rollout)
    box.rolloutVersion += 1
    partition.due.move(change.key.name, before ?? null, rollout)
    keepJudge(change, rollout.number, box)
  }
  for (const row of change.audit) box.audit.push(row)
  if (change.command !== undefined) box.commands.set(change.command.id, change.command)
}

/** Takes a share of what is due, and claims it where others may want the rest. */
export function claim(
  partition: Partition | undefined,
  now: number,
  limit: number,
  except: ReadonlySet<string>,
): Claimed {
  if (partition === undefined) return { names: [], left: 0, othersUntil: null }
  const { mine, isClaim, left, othersUntil } = shareOf(partition.due.due(now), now, limit, except)
  for (const one of isClaim ? mine : []) partition.due.claim(one.name, claimEnd(one, now))
  return { names: mine.map(({ name }) => name), left, othersUntil }
}

function keepJudge({ judge, buckets }: Change, number: number, box: Box): void {
  if (judge !== undefined) box.judges.set(number, judge)
  if (buckets === undefined) return
  const lines = box.buckets.get(number)
  if (lines === undefined) box.buckets.set(number, [buckets])
  else lines.push(buckets)
}
