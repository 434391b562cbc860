import type { RolloutView } from '../../lib/api.ts'
import type { Point } from './buckets.ts'
import { figure, percent } from './format.ts'
import type { Picture } from './picture.ts'
import type { WeightChange } from './weights.ts'

type Kpi = RolloutView['manifest']['analysis']['kpis'][number]

/** A share within its limit is known to be so from about this many times one over the limit on. */
const EVENTS_OF_A_PASS = 3
const HEIGHT = 190
const WEIGHT_HEIGHT = 180

/** What a KPI allows: a share of bad events, or a gauge's figure. */
export function limitOf(kpi: Kpi): number {
  switch (kpi.kind) {
    case 'latency':
      return 1 - kpi.percentile / 100
    case 'gauge':
      return kpi.limit
    default:
      return kpi.limitRatio
  }
}

/** The weight, wished and seen, as steps from the start until `until`. */
export function weightPicture(changes: readonly WeightChange[], from: number, until: number): Picture {
  const at = [from, ...changes.map((change) => change.at)]
  const wanted = [0, ...changes.map((change) => change.wanted ?? 0)]
  const actual: (number | null)[] = [0, ...changes.map((change) => change.actual ?? 0)]
  const end = Math.max(until, at.at(-1) ?? from)
  return {
    at: [...at, end],
    span: [from, end],
    lines: [
      { label: 'actual', ink: '--canary', values: [...actual, actual.at(-1) ?? null], isStepped: true, isFilled: true },
      {
        label: 'wanted',
        ink: '--ink',
        values: [...wanted, wanted.at(-1) ?? null],
        isStepped: true,
        isDashed: true,
        width: 1.25,
      },
    ],
    band: null,
    most: 104,
    said: (value) => (value > 100 ? '' : `${value} %`),
    height: WEIGHT_HEIGHT,
  }
}

/** A KPI over time: canary with its band, stable, and the limit. The axis reaches to where the lines go, and to thrice the limit at most for the band. */
export function kpiPicture(
  points: readonly Point[],
  limit: number | null,
  isGauge: boolean,
  span: Picture['span'],
): Picture {
  const highest = Math.max(0, ...points.map(({ canary, stable }) => Math.max(canary ?? 0, stable ?? 0)))
  const bands = points.map(({ band }) => band?.[1] ?? 0)
  const usual = [...bands].sort((a, b) => a - b)[Math.floor(bands.length * 0.8)] ?? 0
  const most = Math.max((limit ?? 0) * 1.4, highest * 1.15, Math.min(usual, (limit ?? 1) * 3)) || 1
  return {
    at: points.map(({ at }) => at),
    span,
    lines: [
      { label: 'stable', ink: '--stable', values: points.map(({ stable }) => stable), width: 1.5 },
      { label: 'canary', ink: '--canary', values: points.map(({ canary }) => canary), width: 2 },
      ...(limit === null
        ? []
        : [{ label: 'limit', ink: '--limit', values: points.map(() => limit), isDashed: true, width: 1.25 }]),
    ],
    band: isGauge
      ? null
      : {
          low: points.map(({ band }) => band?.[0] ?? null),
          high: points.map(({ band }) => band?.[1] ?? null),
          ink: '--canary',
          strength: points.map(({ total }) => Math.min(1, (total * (limit ?? 1)) / EVENTS_OF_A_PASS)),
        },
    most,
    said: (value) => (isGauge ? figure(value, 'figure') : percent(value)),
    height: HEIGHT,
  }
}
