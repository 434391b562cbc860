import { chance } from '../../chance.ts'
import { drawScenario, type Item, type Scenario, TROUBLED_MS } from '../scenario.ts'
import { PHASES } from '../trace.ts'
import { WIRE_TROUBLES, type WireVariant } from '../troubles.ts'

const MINUTE_MS = 60_000
/** SDKs take their time, so that a rollout that waits for a person is not looked at for weeks. */
const CALM_MS = 24 * 60 * MINUTE_MS

/** The life of a seed on one kind of plugs. */
export function scenarioOf(seed: number, adapters: 'sim' | 'real'): Scenario {
  return adapters === 'real' ? onRealAdapters(drawScenario(seed)) : drawScenario(seed)
}

/** The same life on the real plugs, with up to five troubles more that only these can meet; their ids come after the others'. */
export function onRealAdapters(scenario: Scenario): Scenario {
  const { seed, items, services } = scenario
  const first = Math.max(-1, ...items.map(({ id }) => id)) + 1
  const more = Array.from({ length: drawn(seed, 0, 1, 5) }, (_, index) => {
    return troubleOf(seed, 1 + index * 10, first + index, services.length)
  })
  return { ...scenario, adapters: 'real', calmMs: CALM_MS, items: [...items, ...more].sort((a, b) => a.at - b.at) }
}

const VARIANTS: readonly WireVariant[] = Object.values(WIRE_TROUBLES).flat()

function troubleOf(seed: number, salt: number, id: number, services: number): Item {
  const draw = (key: number, low: number, high: number) => drawn(seed, salt + key, low, high)
  const during = draw(0, 0, 9) < 6 ? (PHASES[draw(1, 0, PHASES.length - 1)] ?? null) : null
  return {
    id,
    kind: 'trouble',
    at: during === null ? draw(2, 0, TROUBLED_MS) : 0,
    service: draw(3, 0, services - 1),
    variant: VARIANTS[draw(4, 0, VARIANTS.length - 1)] ?? 'arm-timeout',
    during,
    lastsMs: draw(5, 1, 120) * MINUTE_MS,
    luck: draw(6, 0, 1_000_000),
  }
}

/** By dice of their own, so that a seed's life is the same on both kinds of plugs but for these. */
function drawn(seed: number, key: number, low: number, high: number): number {
  return low + Math.floor(chance(seed, 0x3173, key) * (high - low + 1))
}

/** Troubles that are made in another way beneath the real plugs, so that no two calls meet the same. */
const OF_STORAGE: ReadonlySet<string> = new Set(['storage-down', 'storage-503', 'storage-ambiguous', 'row-unreadable'])

/** The life without troubles of storage: the one that both kinds of plugs must live through alike. */
export function withoutStorageTroubles(scenario: Scenario): Scenario {
  const items = scenario.items.filter((item) => item.kind !== 'trouble' || !OF_STORAGE.has(item.variant))
  return { ...scenario, calmMs: CALM_MS, items }
}
