import type { Family } from '../core/exposition.ts'
import type { AuditKeeper } from '../ports.ts'

/** What the newest check of each environment's audit came to, as gauges; nothing where none has ended yet. Throws Fault. */
export async function auditMeters(
  keeper: Pick<AuditKeeper, 'night'>,
  environments: readonly string[],
): Promise<readonly Family[]> {
  const nights = await Promise.all(
    environments.map(async (environment) => ({
      environment,
      last: (await keeper.night(environment)).night?.last ?? null,
    })),
  )
  const ended = nights.flatMap(({ environment, last }) => (last === null ? [] : [{ environment, ...last }]))
  const gauge = (name: string, help: string, value: (one: (typeof ended)[number]) => number): Family => ({
    name: `slipway_audit_${name}`,
    help,
    type: 'gauge',
    samples: ended.map((one) => ({ labels: { environment: one.environment }, value: value(one) })),
  })
  return [
    gauge('verified_timestamp_seconds', 'When the newest check of all audit chains ended.', ({ at }) => at / 1000),
    gauge('findings', 'What that check found that is not as it was written; 0 = nothing.', ({ found }) => found),
    gauge('verified_rows', 'Rows that it found as they were written.', ({ rows }) => rows),
  ]
}
