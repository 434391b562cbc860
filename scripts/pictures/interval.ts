import { leastEvents } from '../../lib/core/judge/kpi-test.ts'
import { bernoulliCs } from '../../lib/core/stats/bernoulli-cs.ts'
import { band, level, line, linear, logarithmic, mark, panel, picture, type Tick, text } from './chart.ts'
import { ERRORS, grouped, minuteAt, named, run } from './runs.ts'

const WARM = 5
const MOST = 0.004

/** The confidence interval of the error share over a step: how it narrows with the requests. */
export function intervalPicture(): string {
  const { stream } = run(named('H1'), 1)
  const least = leastEvents(ERRORS)
  const points = pointsOf(stream, least)
  const within = points.find(({ high }) => high < 0.001)
  const last = points.at(-1)
  if (within === undefined || last === undefined) throw new Error('The interval never lay below the limit.')
  const into = panel({
    left: 64,
    width: 712,
    top: 34,
    height: 250,
    title: 'Share of failed requests, and where the true share lies with 95 % confidence',
    across: logarithmic(300, 900_000),
    up: linear(0, MOST),
    xTicks: TICKS,
    yTicks: [0, 0.001, 0.002, 0.003, 0.004].map((share) => [share, `${share * 100} %`]),
    xName: 'requests of the canary since its warm-up (300 a minute; 864,000 in 48 hours)',
  })
  return picture(
    336,
    'The confidence interval narrows over a step of 48 hours',
    `Scenario H1, seed 1. After ${grouped(least)} requests a step may pass; the upper end falls below the limit of 0.1 % at ${grouped(within.total)} requests; after 48 hours the interval is ${percent(last.low)} to ${percent(last.high)}.`,
    [
      into.frame,
      band(
        into,
        points.map(({ total, low, high }) => [total, low, Math.min(MOST, high)]),
        'pale',
      ),
      level(into, 0.001, 'limit 0.1 %', 'red'),
      line(
        into,
        points.map(({ total, share }) => [total, Math.min(MOST, share)]),
        'blue',
      ),
      mark(into, least, 'gray dashed'),
      text(into.x(least) - 6, into.top + 16, `a pass needs ${grouped(least)}`, 'small end'),
      mark(into, within.total, 'gray dashed'),
      text(
        into.x(within.total) + 6,
        into.top + 16,
        `${grouped(within.total)}: for the first time wholly below the limit`,
        'small',
      ),
    ],
  )
}

const TICKS: readonly Tick[] = [300, 1000, 3000, 10_000, 30_000, 100_000, 300_000].map((n) => [n, grouped(n)])

interface Point {
  readonly total: number
  readonly share: number
  readonly low: number
  readonly high: number
}

/** The interval whenever a twentieth more requests have come. */
function pointsOf(stream: Parameters<typeof minuteAt>[0], least: number): readonly Point[] {
  const points: Point[] = []
  let [bad, total, next] = [0, 0, 0]
  for (let at = WARM; at < stream.canary.total.length; at += 1) {
    const minute = minuteAt(stream, at)
    bad += minute.bad
    total += minute.total
    if (total < next) continue
    next = total * 1.05
    const [low, high] = bernoulliCs(bad, total, 0.05, least)
    points.push({ total, share: bad / total, low, high })
  }
  return points
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)} %`
}
