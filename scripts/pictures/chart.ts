/** Where a value lies between the two ends of an axis: 0 at the first, 1 at the last. */
type Scale = (value: number) => number

/** A labelled place on an axis. */
export type Tick = readonly [value: number, label: string]

/** A scale with equal steps. */
export function linear(from: number, to: number): Scale {
  return (value) => (value - from) / (to - from)
}

/** A scale with equal factors; both ends are above 0, and what lies outside is drawn at the edge. */
export function logarithmic(from: number, to: number): Scale {
  return (value) => Math.log(Math.min(to, Math.max(from, value)) / from) / Math.log(to / from)
}

interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  /** Said above the panel. */
  readonly title: string
  readonly across: Scale
  readonly up: Scale
  readonly xTicks: readonly Tick[]
  readonly yTicks: readonly Tick[]
  /** Said below the axis; nothing where empty. */
  readonly xName: string
}

/** A panel with axes: where a pair of values lies, and the SVG of its frame. */
export interface Panel {
  readonly x: (value: number) => number
  readonly y: (value: number) => number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly frame: string
}

/** A panel of this size, its axes and grid drawn. Lengths are pixels. */
export function panel({ left, top, width, height, title, across, up, xTicks, yTicks, xName }: Frame): Panel {
  const [right, bottom] = [left + width, top + height]
  const x = (value: number) => left + width * across(value)
  const y = (value: number) => bottom - height * up(value)
  const frame = [
    text(left, top - 10, title, 'title'),
    ...yTicks.flatMap(([value, label]) => [
      path(`M${at(left, y(value))}H${fixed(right)}`, 'grid'),
      text(left - 6, y(value) + 4, label, 'small end'),
    ]),
    ...xTicks.flatMap(([value, label]) => [
      path(`M${at(x(value), bottom)}v5`, 'axis'),
      text(x(value), bottom + 18, label, 'small middle'),
    ]),
    path(`M${at(left, bottom)}H${fixed(right)}`, 'axis'),
    xName === '' ? '' : text((left + right) / 2, bottom + 36, xName, 'small middle'),
  ]
  return { x, y, left, right, top, bottom, frame: joined(frame) }
}

/** A line through these points; a NaN breaks it. */
export function line({ x, y }: Panel, points: readonly (readonly [number, number])[], kind: string): string {
  let isDown = false
  const steps = points.map(([across, up]) => {
    if (Number.isNaN(up)) {
      isDown = false
      return ''
    }
    const step = `${isDown ? 'L' : 'M'}${at(x(across), y(up))}`
    isDown = true
    return step
  })
  return path(steps.join(''), kind)
}

/** The area between two lines, given as `[x, low, high]`. */
export function band({ x, y }: Panel, points: readonly (readonly [number, number, number])[], kind: string): string {
  const up = points.map(([across, , high]) => at(x(across), y(high)))
  const back = [...points].reverse().map(([across, low]) => at(x(across), y(low)))
  return path(`M${[...up, ...back].join('L')}Z`, kind)
}

/** A dot at each point; its size is that of the kind's stroke. */
export function dots({ x, y }: Panel, points: readonly (readonly [number, number])[], kind: string): string {
  return path(points.map(([across, up]) => `M${at(x(across), y(up))}h0`).join(''), `dot ${kind}`)
}

/** Bars from the axis up, each `width` pixels wide. */
export function bars(
  { x, y, bottom }: Panel,
  points: readonly (readonly [number, number])[],
  width: number,
  kind: string,
): string {
  const drawn = points.map(([across, up]) => {
    const [left, top] = [x(across) - width / 2, y(up)]
    return `M${at(left, bottom)}V${fixed(top)}h${fixed(width)}V${fixed(bottom)}Z`
  })
  return path(drawn.join(''), kind)
}

/** A mark across the whole height at one place, e.g. the minute of an abort. */
export function mark({ x, top, bottom }: Panel, value: number, kind: string): string {
  return path(`M${at(x(value), top)}V${fixed(bottom)}`, kind)
}

/** A level across the whole width, with what it means above its right end. */
export function level({ y, left, right }: Panel, value: number, label: string, kind: string): string {
  return joined([
    path(`M${at(left, y(value))}H${fixed(right)}`, kind),
    text(right - 4, y(value) - 5, label, `small end ${kind.split(' ')[0]}-text`),
  ])
}

/** Words at a place in pixels. */
export function text(x: number, y: number, words: string, kind: string): string {
  return words === '' ? '' : `<text x="${fixed(x)}" y="${fixed(y)}" class="${kind}">${escaped(words)}</text>`
}

/** A line of words for a key: a short stroke of the kind, then what it means. */
export function key(x: number, y: number, kind: string, words: string): string {
  return joined([path(`M${at(x, y - 4)}h22`, kind), text(x + 28, y, words, 'small')])
}

/** Parts in their order, a line each. */
export function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n')
}

/** A whole picture: what it shows (`title`), and in words what can be seen (`told`), for those who cannot. */
export function picture(height: number, title: string, told: string, parts: readonly string[]): string {
  return `${joined([
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title told">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="told">${escaped(told)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    ...parts,
    '</svg>',
  ])}\n`
}

/** Width of every picture in pixels. */
export const WIDTH = 800

function path(d: string, kind: string): string {
  return `<path class="${kind}" d="${d}"/>`
}

function at(x: number, y: number): string {
  return `${fixed(x)} ${fixed(y)}`
}

/** Tenths of a pixel, so that the last digits of a logarithm, which differ between machines, never show. */
function fixed(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const STYLE = `
text{font:13px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:#1f2328}
.title{font-weight:600}.small{font-size:12px;fill:#59636e}.end{text-anchor:end}.middle{text-anchor:middle}
path{fill:none;stroke-width:1.8;stroke-linejoin:round}
.paper{fill:#fff}.grid{stroke:#e3e7eb;stroke-width:1}.axis{stroke:#818b98;stroke-width:1}
.blue{stroke:#0550ae}.violet{stroke:#8250df}.orange{stroke:#bc4c00}.gray{stroke:#818b98}.thin{stroke-width:.9;opacity:.65}
.red{stroke:#cf222e;stroke-width:1.2;stroke-dasharray:5 4}.alarm{stroke:#cf222e;stroke-width:1}
.dot{stroke-width:3.2;stroke-linecap:round}.big{stroke-width:7}.dashed{stroke-dasharray:2 4}
.blue-fill{fill:#0550ae;fill-opacity:.75}.gray-fill{fill:#818b98;fill-opacity:.45}.pale{fill:#0550ae;fill-opacity:.16}
.red-text{fill:#cf222e}.blue-text{fill:#0550ae}.violet-text{fill:#8250df}.orange-text{fill:#bc4c00}.gray-text{fill:#59636e}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.small{fill:#9198a1}.paper{fill:#0d1117}.grid{stroke:#262c34}.axis,.gray{stroke:#848d97}
.blue{stroke:#58a6ff}.violet{stroke:#bc8cff}.orange{stroke:#f0883e}.red,.alarm{stroke:#ff7b72}
.blue-fill,.pale{fill:#58a6ff}.gray-fill{fill:#848d97}
.red-text{fill:#ff7b72}.blue-text{fill:#58a6ff}.violet-text{fill:#bc8cff}.orange-text{fill:#f0883e}.gray-text{fill:#9198a1}
}
`
