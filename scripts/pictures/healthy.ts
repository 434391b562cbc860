import { level, line, picture } from './chart.ts'
import { evidencePanel, HOURS, levels } from './evidence-axis.ts'
import { thinned } from './limits.ts'
import { named, run } from './runs.ts'

const SOAKS = 20

/** Evidence of twenty healthy soaks, at which two tests never came near their level. */
export function healthyPicture(): string {
  const runs = Array.from({ length: SOAKS }, (_, index) => run(named('H1'), index + 1))
  const needed = 1 / (runs[0]?.test.alpha ?? 1)
  const against = (name: 'absolute' | 'relative') =>
    runs.map(({ findings }) => findings.map((finding) => finding[name]))
  const [absolute, relative] = [against('absolute'), against('relative')]
  const most = (all: readonly (readonly number[])[]) => Math.max(...all.map((values) => Math.max(...values))).toFixed(1)
  const common = { height: 150, from: 0, to: 2880, xTicks: HOURS, most: 10_000 }
  const upper = evidencePanel({
    ...common,
    top: 34,
    title: `Against the limit: the highest of all ${SOAKS} soaks is ${most(absolute)}`,
    xName: '',
  })
  const lower = evidencePanel({
    ...common,
    top: 254,
    title: `Against the stable revision: the highest is ${most(relative)}`,
    xName: 'hours since the canary got its 10 %',
  })
  return picture(
    456,
    'The evidence of 20 healthy soaks of 48 hours',
    `Scenario H1, seeds 1 to ${SOAKS}. Evidence against the limit reaches ${most(absolute)}, against the stable revision ${most(relative)}; ${needed} is needed for an abort.`,
    [
      upper.frame,
      levels(upper, needed),
      ...absolute.map((values) => line(upper, thinned(values, 40), 'blue thin')),
      lower.frame,
      level(lower, needed, `hold at ${needed}; abort if there is also some against the limit`, 'red'),
      ...relative.map((values) => line(lower, thinned(values, 40), 'violet thin')),
    ],
  )
}
