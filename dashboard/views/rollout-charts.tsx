import { useMemo, useState } from 'preact/hooks'
import type { AuditView } from '../../lib/api.ts'
import { type Refused, serverNow } from '../api.ts'
import { type BucketPage, bucketsOf, CHART_WINDOWS, fittingMs, gauges, kpisOf, rolling } from '../model/buckets.ts'
import { duration } from '../model/format.ts'
import { kpiPicture, limitOf, weightPicture } from '../model/pictures.ts'
import type { Scene } from '../model/rollout.ts'
import { weightChanges } from '../model/weights.ts'
import { Card, Empty, Failed } from '../ui/basics.tsx'
import { Chart } from '../ui/chart.tsx'

const MINUTE = 60_000
const SHORTEST = 15_000

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
  const fit = useMemo(
    () =>
      fittingMs(
        pages,
        kpis.map((kpi) => [kpi, limitFor(scene, kpi)]),
        lengthOf(scene),
      ),
    [pages],
  )
  const shownMs = windowMs === 0 ? fit : windowMs
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

function limitFor({ rollout }: Scene, kpi: string): number | null {
  const declared = rollout.manifest.analysis.kpis.find(({ name }) => name === kpi)
  return declared === undefined || declared.kind === 'gauge' ? null : limitOf(declared)
}

/** From the start of the rollout until its end, or a moment that moves on with the clock in a few strides. */
function spanOf(scene: Scene): readonly [number, number] {
  const { startedAt } = scene.rollout
  const stride = scene.endedAt !== null ? 1000 : lengthOf(scene) < 5 * MINUTE ? MINUTE / 6 : MINUTE
  const end = Math.ceil((startedAt + lengthOf(scene)) / stride) * stride
  return [startedAt, Math.max(end, startedAt + SHORTEST)]
}

function lengthOf({ rollout, endedAt }: Scene): number {
  return Math.max(0, (endedAt ?? serverNow()) - rollout.startedAt)
}

const WORDS = ['5 min', '30 min', '6 h', 'since start'] as const

function Windows({ shownMs, set }: { readonly shownMs: number; readonly set: (ms: number) => void }) {
  return (
    <div class="segments" role="group" aria-label="Share over the last">
      {CHART_WINDOWS.map((ms, place) => (
        <button type="button" aria-pressed={ms === shownMs} onClick={() => set(ms)}>
          {WORDS[place]}
        </button>
      ))}
    </div>
  )
}

function WeightChart({ scene, rows }: { readonly scene: Scene; readonly rows: readonly AuditView[] }) {
  const { rollout } = scene
  const changes = useMemo(() => weightChanges(rows, rollout.canary), [rows, rollout.canary])
  const [, until] = spanOf(scene)
  const picture = useMemo(() => weightPicture(changes, rollout.startedAt, until), [changes, rollout.startedAt, until])
  if (changes.length === 0) return null
  const last = changes.at(-1)
  return (
    <Chart
      title="Canary weight"
      caption="Share of the traffic in percent: as wished for, and as seen at the ingress"
      summary={`The canary's weight changed ${changes.length} times; now wanted ${last?.wanted ?? 'unknown'} %, seen ${last?.actual ?? 'not yet'} %.`}
      picture={picture}
      isWide
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
  const [from, to] = spanOf(scene)
  const picture = useMemo(() => kpiPicture(points, limit, isGauge, [from, to]), [points, limit, isGauge, from, to])
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
          : `Share of bad events over ${over}; band: 95 % Wilson interval of the canary’s window, paler where it has few events (for one look; the judge’s own holds for all looks and stands in the evidence)`
      }
      summary={`${kpi}: canary ${said(last.canary)}, stable ${said(last.stable)}, limit ${limit === null ? 'unknown' : picture.said(limit)}, over ${points.length} buckets.`}
      picture={picture}
    />
  )
}
