import { useMemo, useState } from 'preact/hooks'
import type { AuditView } from '../../lib/api.ts'
import { type Refused, serverNow } from '../api.ts'
import { type BucketPage, bucketsOf, gauges, kpisOf, rolling } from '../model/buckets.ts'
import { duration } from '../model/format.ts'
import { kpiPicture, limitOf, weightPicture } from '../model/pictures.ts'
import type { Scene } from '../model/rollout.ts'
import { weightChanges } from '../model/weights.ts'
import { Card, Empty, Failed } from '../ui/basics.tsx'
import { Chart } from '../ui/chart.tsx'

const MINUTE = 60_000

/** The canary's weight over time, and each KPI over time on both revisions with its limit. */
export function RolloutCharts({
  scene,
  rows,
  pages,
  refused,
}: {
  readonly scene: Scene
  readonly rows: readonly AuditView[]
  readonly pages: readonly BucketPage[]
  readonly refused: Refused | null
}) {
  const kpis = kpisOf(pages)
  const [windowMs, setWindow] = useState(0)
  const shownMs = windowMs === 0 ? fitting(scene) : windowMs
  return (
    <Card title="Over time" aside={kpis.length === 0 ? null : <Windows shownMs={shownMs} set={setWindow} />}>
      {refused === null ? null : <Failed refused={refused} />}
      <div class="charts">
        <WeightChart scene={scene} rows={rows} />
        {kpis.map((kpi) => (
          <KpiChart key={kpi} kpi={kpi} scene={scene} pages={pages} windowMs={shownMs} />
        ))}
      </div>
      {kpis.length === 0 && refused === null ? (
        <Empty title="No measurements yet.">
          <p>Each KPI gets its chart here once the canary takes traffic and its first bucket is final.</p>
        </Empty>
      ) : null}
    </Card>
  )
}

/** Long rollouts are read in half hours, short ones in five minutes. */
function fitting({ rollout, endedAt }: Scene): number {
  return (endedAt ?? serverNow()) - rollout.startedAt > 6 * 60 * MINUTE ? 30 * MINUTE : 5 * MINUTE
}

const WINDOWS = [
  { ms: 5 * MINUTE, word: '5 min' },
  { ms: 30 * MINUTE, word: '30 min' },
  { ms: 360 * MINUTE, word: '6 h' },
  { ms: Number.POSITIVE_INFINITY, word: 'since start' },
] as const

function Windows({ shownMs, set }: { readonly shownMs: number; readonly set: (ms: number) => void }) {
  return (
    <div class="segments" role="group" aria-label="Share over the last">
      {WINDOWS.map(({ ms, word }) => (
        <button type="button" aria-pressed={ms === shownMs} onClick={() => set(ms)}>
          {word}
        </button>
      ))}
    </div>
  )
}

function WeightChart({ scene, rows }: { readonly scene: Scene; readonly rows: readonly AuditView[] }) {
  const { rollout, endedAt } = scene
  const changes = useMemo(() => weightChanges(rows, rollout.canary), [rows, rollout.canary])
  const until = endedAt ?? Math.floor(serverNow() / MINUTE) * MINUTE
  const picture = useMemo(() => weightPicture(changes, rollout.startedAt, until), [changes, rollout.startedAt, until])
  if (changes.length === 0) return null
  const last = changes.at(-1)
  return (
    <Chart
      title="Canary weight"
      caption="Share of the traffic in percent: as wished for, and as seen at the ingress"
      summary={`The canary's weight changed ${changes.length} times; now wanted ${last?.wanted ?? 'unknown'} %, seen ${last?.actual ?? 'not yet'} %.`}
      picture={picture}
    />
  )
}

function KpiChart({
  kpi,
  scene,
  pages,
  windowMs,
}: {
  readonly kpi: string
  readonly scene: Scene
  readonly pages: readonly BucketPage[]
  readonly windowMs: number
}) {
  const declared = scene.rollout.manifest.analysis.kpis.find(({ name }) => name === kpi) ?? null
  const isGauge = declared?.kind === 'gauge'
  const limit = declared === null ? null : limitOf(declared)
  const points = useMemo(() => {
    const { bucketMs } = pages[0] ?? { bucketMs: MINUTE }
    const buckets = bucketsOf(pages, kpi)
    return isGauge ? gauges(buckets, bucketMs) : rolling(buckets, bucketMs, windowMs)
  }, [pages, kpi, windowMs, isGauge])
  const picture = useMemo(() => kpiPicture(points, limit, isGauge), [points, limit, isGauge])
  const last = points.at(-1)
  if (last === undefined) return null
  const over = Number.isFinite(windowMs) ? `the last ${duration(windowMs)}` : 'all buckets since the start'
  const said = (value: number | null) => (value === null ? 'no data' : picture.said(value))
  return (
    <Chart
      title={kpi}
      caption={
        isGauge
          ? 'The figure of each bucket, canary against stable, with the limit'
          : `Share of bad events over ${over}; band: 95 % Wilson interval of the canary’s window (for one look; the judge’s own holds for all looks and stands in the evidence)`
      }
      summary={`${kpi}: canary ${said(last.canary)}, stable ${said(last.stable)}, limit ${limit === null ? 'unknown' : picture.said(limit)}, over ${points.length} buckets.`}
      picture={picture}
    />
  )
}
