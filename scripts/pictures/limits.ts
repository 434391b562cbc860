import type { Stream } from '../../sim/streams/generate.ts'
import { dots, joined, level, line, linear, mark, panel, picture, text } from './chart.ts'
import { evidencePanel, HOURS, levels } from './evidence-axis.ts'
import { grouped, MANIFEST, minuteAt, named, run } from './runs.ts'

const WINDOW = 5
const LIMIT = 0.001
/** Argo Rollouts' documented example: a look every five minutes, and the fourth failed one aborts. */
const FAILED_LOOKS = 4

/** A healthy soak: what a rule of five minutes over the limit makes of it, and what our evidence does. */
export function limitsPicture(): string {
  const { stream, findings, test } = run(named('H1'), 1)
  const { minutes } = stream.scenario
  const alarms = Array.from({ length: minutes }, (_, at) => at).filter((at) => isOver(stream, at))
  const fourth = alarms.filter((at) => (at + 1) % WINDOW === 0)[FAILED_LOOKS - 1] ?? Number.NaN
  const most = Math.max(...findings.map(({ absolute }) => absolute))
  const said = {
    looks: `${grouped(alarms.length)} of ${grouped(minutes)} looks`,
    fourth: `a look every ${WINDOW} minutes that aborts at the fourth failed one ends this healthy rollout at minute ${fourth}`,
    most: `never above ${most.toFixed(1)}`,
  }
  const strip = panel({ ...WIDE, top: 232, height: 34, title: '', up: linear(0, 1), xTicks: [], yTicks: [], xName: '' })
  const evidence = evidencePanel({
    top: 330,
    height: 170,
    title: `Our evidence (E-value) after every minute: ${said.most}, and ${1 / test.alpha} is needed`,
    from: 0,
    to: minutes,
    xTicks: HOURS,
    xName: 'hours since the canary got its 10 %',
    most: 10_000,
  })
  return picture(
    552,
    'A healthy canary for 48 hours: a limit on five minutes against our evidence',
    `A canary with 0.05 % errors and a limit of 0.1 % (scenario H1, seed 1). The share over five minutes is above the limit at ${said.looks}: ${said.fourth}. The evidence stays low: ${said.most} of ${1 / test.alpha}.`,
    [
      errorsPanel(stream),
      text(64, 222, `“Over 0.1 % in the last 5 minutes” is true at ${said.looks}`, 'title'),
      strip.frame,
      joined(alarms.map((at) => mark(strip, at, 'alarm'))),
      text(64, 284, said.fourth, 'small'),
      evidence.frame,
      levels(evidence, 1 / test.alpha),
      line(evidence, thinned(findings.map(({ absolute }) => absolute)), 'blue'),
    ],
  )
}

const WIDE = {
  left: 64,
  width: 712,
  across: linear(0, MANIFEST.stages[0]?.bakeMs ? MANIFEST.stages[0].bakeMs / 60_000 : 1),
}

function errorsPanel(stream: Stream): string {
  const errors = panel({
    ...WIDE,
    top: 34,
    height: 140,
    title: 'Share of failed requests in each minute of a healthy canary (0.05 %); red: the limit of 0.1 %',
    up: linear(0, 0.0175),
    xTicks: [],
    yTicks: [0, 0.005, 0.01, 0.015].map((share) => [share, `${share * 100} %`]),
    xName: '',
  })
  const shares = Array.from(stream.canary.errors, (bad, at) => [at, bad / (stream.canary.total[at] || 1)] as const)
  // Five in six minutes have no error at all; their dots would only thicken the axis.
  const points = shares.filter(([, share]) => share > 0)
  return joined([errors.frame, level(errors, LIMIT, '', 'red'), dots(errors, points, 'blue')])
}

function isOver(stream: Stream, end: number): boolean {
  let [bad, total] = [0, 0]
  for (let at = Math.max(0, end - WINDOW + 1); at <= end; at += 1) {
    const minute = minuteAt(stream, at)
    bad += minute.bad
    total += minute.total
  }
  return bad > LIMIT * total
}

/** The greatest value of every 12 minutes: a soak has more minutes than a picture has pixels. */
export function thinned(values: readonly number[], step = 12): readonly (readonly [number, number])[] {
  const points: [number, number][] = []
  for (let at = 0; at < values.length; at += step) points.push([at, Math.max(...values.slice(at, at + step))])
  return points
}
