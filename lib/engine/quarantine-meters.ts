import type { Family } from '../core/exposition.ts'
import { isReleased, type Quarantined } from '../core/quarantine.ts'
import type { Page, Quarantine, QuarantinedLoaded } from '../ports.ts'

const KINDS: readonly Quarantined['kind'][] = ['row', 'message', 'service']

/** How much waits in quarantine, by environment (`none` = of no environment alone) and kind. Throws Fault. */
export async function quarantineMeters(
  quarantine: Quarantine,
  environments: readonly string[],
): Promise<readonly Family[]> {
  const scopes = [...environments, null]
  const counts = await Promise.all(scopes.map((scope) => waitingIn(quarantine, scope)))
  const samples = scopes.flatMap((scope, place) =>
    KINDS.map((kind) => {
      const value = counts[place]?.filter((one) => one === kind).length ?? 0
      return { labels: { environment: scope ?? 'none', kind }, value }
    }),
  )
  const help = 'Rows that cannot be read, messages that cannot be acted on, and services that break our own code.'
  return [{ name: 'slipway_quarantined', help, type: 'gauge', samples }]
}

/** What waits in quarantine, by its kind. Throws Fault. */
export async function waitingIn(
  quarantine: Pick<Quarantine, 'items'>,
  scope: string | null,
): Promise<readonly Quarantined['kind'][]> {
  const kinds: Quarantined['kind'][] = []
  let from: string | null = null
  do {
    const page: Page<QuarantinedLoaded> = await quarantine.items(scope, 1000, from)
    kinds.push(...page.items.flatMap(({ item }) => (item.state === 'waiting' && !isReleased(item) ? [item.kind] : [])))
    from = page.next
  } while (from !== null)
  return kinds
}
