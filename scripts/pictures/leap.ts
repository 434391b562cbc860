import { bars, joined, key, line, linear, mark, panel, picture, type Tick, text } from './chart.ts'
import { evidencePanel, levels } from './evidence-axis.ts'
import { minuteAt, named, run } from './runs.ts'

const FROM = 1425
const TO = 1452

/** 1 % errors from hour 24 on: the evidence leaps within minutes, after a day of nothing. */
export function leapPicture(): string {
  const { stream, findings, abort, test } = run(named('R5'), 1)
  const { onsetMinute } = stream.scenario
  const hold = findings.findIndex(({ kind }) => kind !== 'quiet')
  const needed = 1 / test.alpha
  const minutes = Array.from({ length: TO - FROM }, (_, index) => FROM + index)
  const xTicks: readonly Tick[] = [1425, 1430, 1435, 1440, 1445, 1450].map((at) => [at, String(at)])
  const failed = panel({
    left: 64,
    width: 712,
    across: linear(FROM, TO),
    top: 34,
    height: 110,
    title: 'Failed requests of the canary in each minute, of about 300',
    up: linear(0, 9),
    xTicks: [],
    yTicks: [0, 3, 6, 9].map((bad) => [bad, String(bad)]),
    xName: '',
  })
  const evidence = evidencePanel({
    top: 196,
    height: 210,
    title: 'Evidence after each minute',
    from: FROM,
    to: TO,
    xTicks,
    xName: 'minute of the rollout (1440 = hour 24)',
    most: 100_000,
  })
  const shown = minutes.filter((at) => at <= abort)
  const of = (name: 'absolute' | 'relative') => shown.map((at) => [at, findings[at]?.[name] ?? Number.NaN] as const)
  return picture(
    458,
    'Errors rise to 1 % at hour 24, and the evidence leaps',
    `Scenario R5, seed 1. The canary begins to fail at 1 % in minute ${onsetMinute}. The judge holds at minute ${hold} and aborts at minute ${abort}.`,
    [
      failed.frame,
      bars(
        failed,
        shown.map((at) => [at, minuteAt(stream, at).bad]),
        12,
        'blue-fill',
      ),
      marks([failed, evidence], onsetMinute, abort),
      text(failed.x(onsetMinute - 0.5) - 8, failed.top + 14, '1 % errors begin', 'small end'),
      text(failed.x(abort) + 10, failed.top + 14, `abort after minute ${abort}`, 'small red-text'),
      evidence.frame,
      levels(evidence, needed),
      line(evidence, of('relative'), 'violet'),
      line(evidence, of('absolute'), 'blue'),
      key(evidence.left + 10, evidence.top + 18, 'blue', 'against the limit of 0.1 %'),
      key(evidence.left + 10, evidence.top + 38, 'violet', 'against the stable revision'),
    ],
  )
}

function marks(into: readonly ReturnType<typeof panel>[], onset: number, abort: number): string {
  return joined(into.flatMap((each) => [mark(each, onset - 0.5, 'gray dashed'), mark(each, abort, 'red')]))
}
