import uPlot from 'uplot'
import { tickLabels } from '../model/format.ts'
import type { Line, Picture } from '../model/picture.ts'

/** Draws a picture into a box; returns what takes it away. `onPoint` is told the place of the moment under the pointer, or null. */
export function plot(box: HTMLElement, picture: Picture, onPoint: (index: number | null) => void): () => void {
  const ink = inksOf(box)
  const { at, lines, band, height } = picture
  const data: (number | null)[][] = [at.map((moment) => moment / 1000), ...lines.map(({ values }) => [...values])]
  if (band !== null) data.push([...band.high], [...band.low])
  const options: uPlot.Options = {
    width: Math.max(200, box.clientWidth),
    height,
    legend: { show: false },
    padding: [8, 22, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { x: scaleOf(picture), y: { range: [0, picture.most] } },
    axes: axesOf(ink, picture),
    series: [{}, ...lines.map((line) => seriesOf(line, ink)), ...(band === null ? [] : [HIDDEN, HIDDEN])],
    bands:
      band === null
        ? []
        : [
            {
              series: [lines.length + 1, lines.length + 2],
              fill: (chart) => shade(chart, at, band, ink(band.ink)) as never,
            },
          ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  }
  const chart = new uPlot(options, data as uPlot.AlignedData, box)
  chart.root.setAttribute('aria-hidden', 'true')
  const watcher = new ResizeObserver(() => chart.setSize({ width: Math.max(200, box.clientWidth), height }))
  watcher.observe(box)
  return () => {
    watcher.disconnect()
    chart.destroy()
  }
}

function scaleOf({ span }: Picture): uPlot.Scale {
  return span === null ? { time: true } : { time: true, range: [span[0] / 1000, span[1] / 1000] }
}

const HIDDEN: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } }

function seriesOf(
  { label, ink: name, isStepped, isDashed, isFilled, width = 1.75 }: Line,
  ink: (name: string) => string,
): uPlot.Series {
  const stepped = uPlot.paths.stepped?.({ align: 1 })
  return {
    label,
    stroke: ink(name),
    width,
    points: { show: false },
    spanGaps: false,
    ...(isDashed === true ? { dash: [6, 4] } : {}),
    ...(isFilled === true ? { fill: faint(ink(name), 0.14) } : {}),
    ...(isStepped === true && stepped !== undefined ? { paths: stepped } : {}),
  }
}

const clockValues = (_: uPlot, splits: number[]) => [...tickLabels(splits.map((seconds) => seconds * 1000))]

function axesOf(ink: (name: string) => string, { said, span }: Picture): uPlot.Axis[] {
  const isLong = span !== null && span[1] - span[0] > 86_400_000
  const look = {
    stroke: ink('--muted'),
    font: '12px Inter, system-ui, sans-serif',
    grid: { stroke: ink('--line'), width: 1 },
    ticks: { show: false },
  }
  return [
    { ...look, grid: { show: false }, space: 80, gap: 8, size: isLong ? 50 : 34, incrs: STEPS_S, values: clockValues },
    { ...look, size: 62, space: 40, values: (_: uPlot, splits: number[]) => splits.map(said) },
  ]
}

/** Whole seconds at the least, then what people count time in. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200].concat(
  [1, 2, 3, 7, 14, 28].map((days) => days * 86_400),
)

/** The band's colour from left to right, paler where there is little behind it. */
function shade(
  { ctx, bbox, valToPos }: uPlot,
  at: readonly number[],
  { strength }: NonNullable<Picture['band']>,
  color: string,
): CanvasGradient {
  const gradient = ctx.createLinearGradient(bbox.left, 0, bbox.left + bbox.width, 0)
  for (const [place, moment] of at.entries()) {
    const x = (valToPos(moment / 1000, 'x', true) - bbox.left) / Math.max(1, bbox.width)
    if (x >= 0 && x <= 1) gradient.addColorStop(x, faint(color, 0.03 + 0.15 * (strength[place] ?? 1)))
  }
  return gradient
}

/** The theme's colours as the canvas wants them: resolved, whatever the theme is made of. */
function inksOf(box: HTMLElement): (name: string) => string {
  return (name) => {
    box.style.color = `var(${name})`
    const { color } = getComputedStyle(box)
    box.style.color = ''
    return color
  }
}

/** `rgb(1, 2, 3)` with the given opacity. */
function faint(color: string, opacity: number): string {
  const found = /^rgba?\(([^,]+,[^,]+,[^,)]+)/.exec(color)
  return found === null ? 'transparent' : `rgba(${found[1]}, ${opacity})`
}
