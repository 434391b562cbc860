import { findCut } from '../../lib/engine/audit-cut.ts'
import { writeDigests } from '../../lib/engine/audit-digest.ts'
import { type Watchman, watch } from '../../lib/engine/audit-night.ts'
import { trim } from '../../lib/engine/audit-trim.ts'
import { verifyChain } from '../../lib/engine/audit-verify.ts'
import { noteOn } from '../../lib/engine/environment-row.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import { aManifest, HOUR, T0 } from './builders.ts'
import { aPen } from './digests.ts'
import { givenPricing } from './story.ts'
import { createRing, type Plugs } from './wire-races.ts'

export const PEN = aPen('pen')
const ENVIRONMENT = 'production'

/** A row of the table, as somebody who may write it sees it. */
export type TableRow = Record<string, unknown> & { readonly partitionKey: string; readonly rowKey: string }

/** An audit in the real table store, on Table Storage in memory, with a hand-wound clock and somebody who can write the table. */
export async function auditStage() {
  const ring = await createRing(Date)
  const { store, state } = ring.plugs
  let now = T0
  const clock = { now: () => now }
  const { wheel: simulated } = await givenPricing()
  /** What one worker has, by its own plugs. */
  const on = (plugs: Plugs) => {
    const { store } = plugs
    const wheel = { ...simulated, clock, store, catalogue: store, freezes: store, events: store, buckets: store }
    const man: Watchman = {
      digests: store.digests,
      signer: { sign: async (text) => PEN.sign(text), publicKeys: async () => [] },
      log: store,
      keeper: plugs.keeper,
      verify: (_, text, signature) => PEN.check(text, signature),
    }
    return { wheel, man }
  }
  const { wheel, man } = on(ring.plugs)
  let written = 0
  const write = async (name: string) => {
    written += 1
    const approvals = { required: 1 + (written % 9), from: null, notAuthor: false, validForMs: written * 60_000 }
    await storeManifest(wheel, aManifest({ name, environment: ENVIRONMENT, approvals }), 'ada')
  }
  const note = () =>
    noteOn(wheel, ENVIRONMENT, {
      kind: 'freeze-added',
      metric: 'freeze',
      value: null,
      notes: 'n',
      actor: 'ada',
      detail: null,
    })
  const rows = async (prefix: string): Promise<TableRow[]> => {
    const found: TableRow[] = []
    for await (const row of state.listEntities<Record<string, unknown>>())
      if (row.rowKey?.startsWith(prefix)) found.push(row as TableRow)
    return found
  }
  return {
    ring,
    on,
    wheel,
    man,
    state,
    store,
    write,
    note,
    rows,
    pass: (ms: number) => {
      now += ms
    },
    digest: async () => (await writeDigests(wheel, man, [ENVIRONMENT]))[0]?.result,
    /** Times in which each of two services has a row, and now and then the environment itself; each ends with a digest. */
    async live(times: number, eachMs = HOUR) {
      for (let time = 0; time < times; time += 1) {
        now += eachMs
        await write('pricing')
        now += 60_000
        await write('basket')
        if (time % 5 === 0) await note()
        await writeDigests(wheel, man, [ENVIRONMENT])
      }
    },
    watch: (budgetMs = HOUR) => watch(wheel, man, ENVIRONMENT, budgetMs),
    /** A night's check from its beginning to its end. */
    async night(budgetMs = HOUR) {
      now += 21 * HOUR
      for (;;) {
        const came = await watch(wheel, man, ENVIRONMENT, budgetMs)
        if (came !== 'going-on') return came
      }
    },
    trim: (days: number | null = 90, budgetMs = HOUR) => trim(wheel, man, ENVIRONMENT, days, budgetMs),
    verify: async (service: string | null) => {
      const found = await findCut(wheel, man, ENVIRONMENT)
      const cut = found.kind === 'sound' ? found.cut : null
      const verdict = await verifyChain(wheel, store, { environment: ENVIRONMENT, service }, null, HOUR, cut)
      return verdict?.broken ?? verdict?.rows ?? null
    },
    /** What the newest row of the environment's own chain says. */
    said: async () => (await store.page({ environment: ENVIRONMENT, service: null, limit: 1, from: null })).items[0],
  }
}
