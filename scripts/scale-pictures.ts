/**
 * Draws what `npm run bench -- scale --full --json docs/scale.json` has measured, for docs/scale.md: `npm run plots`.
 * The pictures come from the numbers of that file and nothing else.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Measured, ScaleData } from '../bench/scale.ts'
import { bars, dots, key, line, linear, logarithmic, panel, picture, type Tick, text } from './pictures/chart.ts'

const FOLDER = fileURLToPath(new URL('../docs/pictures/', import.meta.url))
const DATA = fileURLToPath(new URL('../docs/scale.json', import.meta.url))

const DUE: readonly Tick[] = [
  [1, '1'],
  [10, '10'],
  [100, '100'],
  [1_000, '1,000'],
]
const KINDS: Readonly<Record<number, string>> = { 100: 'gray', 1000: 'blue', 10000: 'orange' }
const MIB = 1024 * 1024

/** Calls and time of a tick by what is due; one colour for each number of services that exist. */
function costPicture({ sizes }: ScaleData): string {
  const calls = panel({
    left: 64,
    width: 300,
    top: 34,
    height: 250,
    title: 'Calls to the tables in a tick',
    across: logarithmic(0.8, 1_300),
    up: logarithmic(5, 5_000),
    xTicks: DUE,
    yTicks: [10, 100, 1_000, 5_000].map((value) => [value, value.toLocaleString('en')]),
    xName: 'rollouts that are due',
  })
  const most = Math.max(2, ...sizes.map(({ wallMs }) => wallMs / 1000))
  const time = panel({
    left: 460,
    width: 300,
    top: 34,
    height: 250,
    title: 'Seconds that a tick takes; it has sixty',
    across: logarithmic(0.8, 1_300),
    up: logarithmic(0.1, Math.max(100, most)),
    xTicks: DUE,
    yTicks: [0.1, 1, 10, 60].map((value) => [value, String(value)]),
    xName: 'rollouts that are due',
  })
  const groups = [...Map.groupBy(sizes, ({ services }) => services)]
  const drawn = groups.flatMap(([services, ticks], index) => {
    const kind = KINDS[services] ?? 'violet'
    const of = (value: (tick: Measured) => number) => ticks.map((tick) => [tick.due, value(tick)] as const)
    const [called, took] = [of(({ reads, writes }) => reads + writes), of(({ wallMs }) => wallMs / 1000)]
    return [
      line(calls, called, `${kind} thin`),
      dots(calls, called, `${kind} big`),
      line(time, took, `${kind} thin`),
      dots(time, took, `${kind} big`),
      key(calls.left + 14, calls.top + 18 + 20 * index, kind, `among ${services.toLocaleString('en')} services`),
    ]
  })
  const told = sizes.map(({ services, due, reads, writes }) => `${due} due of ${services}: ${reads + writes} calls`)
  return picture(340, 'What a tick costs, by what is due and by what exists', `${told.join('; ')}.`, [
    calls.frame,
    time.frame,
    ...drawn,
  ])
}

/** Memory of one worker over six simulated hours, and looks a second of some workers in simulated time. */
function lifePicture({ memory, shared }: ScaleData): string {
  const most = Math.max(1, ...memory.map(({ rssBytes }) => rssBytes / MIB))
  const steps = [0, 50, 100, 150, 200, 250, 300].filter((step) => step <= most * 1.2)
  const flat = panel({
    left: 64,
    width: 420,
    top: 34,
    height: 250,
    title: 'Memory of a worker in MiB, garbage collected',
    across: linear(0, 360),
    up: linear(0, most * 1.25),
    xTicks: [0, 1, 2, 3, 4, 5, 6].map((hour) => [hour * 60, `${hour} h`]),
    yTicks: steps.map((step) => [step, String(step)]),
    xName: 'simulated hours, 1,000 looks in 15 minutes',
  })
  const fullest = Math.max(...shared.map(({ due }) => due))
  const rates = shared.flatMap(({ workers, due, perSecond }) =>
    due === fullest ? [[workers, perSecond] as const] : [],
  )
  const highest = Math.max(1, ...rates.map(([, rate]) => rate))
  const looks = panel({
    left: 580,
    width: 180,
    top: 34,
    height: 250,
    title: 'Looks a second, by workers',
    across: linear(0, 5),
    up: linear(0, highest * 1.2),
    xTicks: rates.map(([count]) => [count, String(count)]),
    yTicks: [[0, '0']],
    xName: 'in simulated time',
  })
  const said = rates.map(([count, rate]) => `${count}: ${rate.toFixed(0)} looks a second`)
  return picture(340, 'Memory over six hours, and what more workers bring', `${said.join('; ')}.`, [
    memory.length === 0 ? '' : flat.frame,
    line(
      flat,
      memory.map(({ minute, rssBytes }) => [minute, rssBytes / MIB] as const),
      'gray',
    ),
    line(
      flat,
      memory.map(({ minute, heapBytes }) => [minute, heapBytes / MIB] as const),
      'blue',
    ),
    ...(memory.length === 0
      ? []
      : [
          key(flat.left + 14, flat.top + 18, 'gray', 'resident'),
          key(flat.left + 124, flat.top + 18, 'blue', 'heap in use'),
        ]),
    looks.frame,
    bars(looks, rates, 34, 'blue-fill'),
    ...rates.map(([count, rate]) => text(looks.x(count), looks.y(rate) - 6, rate.toFixed(0), 'small middle')),
  ])
}

mkdirSync(FOLDER, { recursive: true })
const data = JSON.parse(readFileSync(process.argv[2] ?? DATA, 'utf8')) as ScaleData
writeFileSync(join(FOLDER, 'scale-cost.svg'), costPicture(data))
writeFileSync(join(FOLDER, 'scale-life.svg'), lifePicture(data))
