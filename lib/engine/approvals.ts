import { type GateState, gateOf, hasApproved, notAnApprover, type Person } from '../core/approval.ts'
import { type Caller, LEAST_ROLE, mayDo } from '../core/caller.ts'
import { rolloutTag } from '../core/rollout-tag.ts'
import type { Gate } from '../core/status.ts'
import { gateView } from '../core/status.ts'
import type { Loaded } from '../ports.ts'
import type { Wheel } from './wheel.ts'

/** A gate that waits, for one caller. `mine.because` says why they may approve it or may not. */
export interface WaitingGate {
  readonly environment: string
  readonly service: string
  readonly rollout: string
  readonly tag: string
  readonly digest: string
  readonly gate: Gate
  readonly etag: string
  readonly mine: { readonly may: boolean; readonly because: string }
}

const PAGE = 100

/** All gates that wait in what `caller` may see, by environment and name. Reads the state of every service. Throws Fault. */
export async function waitingGates(
  wheel: Wheel,
  environments: readonly string[],
  caller: Caller & Person,
): Promise<readonly WaitingGate[]> {
  const all = await Promise.all(environments.map((environment) => gatesOf(wheel, environment, caller)))
  return all.flat()
}

async function gatesOf(wheel: Wheel, environment: string, caller: Caller & Person): Promise<readonly WaitingGate[]> {
  const gates: WaitingGate[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<Wheel['catalogue']['list']>> = await wheel.catalogue.list(environment, PAGE, from)
    const names = page.items.filter(({ key }) => mayDo(caller, 'see', key)).map(({ key }) => key.name)
    const loaded = names.length === 0 ? [] : await wheel.store.load(environment, names)
    gates.push(...loaded.flatMap((item) => waiting(item, caller, wheel.clock.now())))
    from = page.next
  } while (from !== null)
  return gates
}

function waiting({ service, rollout }: Loaded, caller: Caller & Person, now: number): readonly WaitingGate[] {
  const gate = rollout === null ? null : gateOf(rollout, now)
  const view = rollout === null ? null : gateView(rollout, now)
  if (rollout === null || gate === null || view === null) return []
  const { environment, name } = service.key
  const because = mayDo(caller, 'promote', service.key)
    ? notAnApprover(gate, rollout, caller)
    : `it takes the role ${LEAST_ROLE.promote}`
  const mine = { may: because === null, because: because ?? reasonFor(gate, caller) }
  const { tag, digest } = rollout.push
  const common = { environment, service: name, rollout: rollout.id, tag, digest }
  return [{ ...common, gate: view, etag: rolloutTag(rollout), mine }]
}

function reasonFor(gate: GateState, caller: Person): string {
  if (hasApproved(gate, caller)) return 'you have approved it; others are waited for'
  return `you may approve step ${gate.step}`
}
