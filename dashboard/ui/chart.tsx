import { useEffect, useRef, useState } from 'preact/hooks'
import { fullTime } from '../model/format.ts'
import type { Picture } from '../model/picture.ts'

/** A chart with its words: what is drawn, in which unit, what it looks like in a sentence, and all of it as a table. */
export function Chart({
  title,
  caption,
  summary,
  picture,
  isWide = false,
}: {
  readonly title: string
  /** What exactly is drawn, and its unit. */
  readonly caption: string
  /** What the picture shows, for those who do not see it. */
  readonly summary: string
  readonly picture: Picture
  /** Whether it takes the whole width. */
  readonly isWide?: boolean
}) {
  const [isTable, setTable] = useState(false)
  const [point, setPoint] = useState<number | null>(null)
  return (
    <figure class={isWide ? 'chart whole' : 'chart'} aria-label={title}>
      <figcaption>
        <span class="chart-head">
          <span class="chart-title">{title}</span>
          <span class="chart-tools">
            <button type="button" class="button quiet small" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
              Table<span class="hidden"> of {title}</span>
            </button>
          </span>
        </span>
        <span class="muted small">{caption}</span>
      </figcaption>
      {isTable ? (
        <Behind title={title} picture={picture} />
      ) : (
        <>
          <Canvas picture={picture} summary={summary} onPoint={setPoint} />
          <Legend picture={picture} point={point} />
        </>
      )}
    </figure>
  )
}

function Canvas({
  picture,
  summary,
  onPoint,
}: {
  readonly picture: Picture
  readonly summary: string
  readonly onPoint: (index: number | null) => void
}) {
  const box = useRef<HTMLDivElement>(null)
  const look = useThemeStamp()
  useEffect(() => {
    let isOver = false
    let takeAway = () => {}
    void import('./plot.ts').then(({ plot }) => {
      if (!isOver && box.current !== null) takeAway = plot(box.current, picture, onPoint)
    })
    return () => {
      isOver = true
      takeAway()
    }
  }, [picture, look])
  return <div class="canvas" ref={box} role="img" aria-label={summary} style={{ minHeight: `${picture.height}px` }} />
}

/** Changes with the theme, for what is drawn and not styled. */
function useThemeStamp(): number {
  const [stamp, setStamp] = useState(0)
  useEffect(() => {
    const onChange = () => setStamp((count) => count + 1)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    addEventListener('slipway-theme', onChange)
    dark.addEventListener('change', onChange)
    return () => {
      removeEventListener('slipway-theme', onChange)
      dark.removeEventListener('change', onChange)
    }
  }, [])
  return stamp
}

function Legend({ picture, point }: { readonly picture: Picture; readonly point: number | null }) {
  const moment = point === null ? undefined : picture.at[point]
  return (
    <ul class="legend small">
      {picture.lines.map(({ label, ink, values, isDashed }) => {
        const value = point === null ? null : values[point]
        return (
          <li>
            <span
              class={isDashed === true ? 'swatch dashed' : 'swatch'}
              style={{ color: `var(${ink})` }}
              aria-hidden="true"
            />
            {label}
            {value === null || value === undefined ? '' : ` ${picture.said(value)}`}
          </li>
        )
      })}
      {picture.band === null ? null : (
        <li>
          <span class="swatch area" style={{ color: `var(${picture.band.ink})` }} aria-hidden="true" />
          95 % interval
        </li>
      )}
      {moment === undefined ? null : <li class="muted">{fullTime(moment)}</li>}
    </ul>
  )
}

const MOST_ROWS = 120

function Behind({ title, picture }: { readonly title: string; readonly picture: Picture }) {
  const { at, lines, band, said } = picture
  const step = Math.ceil(at.length / MOST_ROWS)
  const places = at.map((_, place) => place).filter((place) => (at.length - 1 - place) % step === 0)
  const cell = (value: number | null | undefined) => (value === null || value === undefined ? '–' : said(value))
  return (
    <div class="behind" tabIndex={0} role="region" aria-label={`${title} as a table`}>
      <table class="plain">
        <caption class="hidden">
          {title}
          {step > 1 ? `, every ${step}th point` : ''}
        </caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {lines.map(({ label }) => (
              <th scope="col" class="num">
                {label}
              </th>
            ))}
            {band === null ? null : (
              <th scope="col" class="num">
                95 % interval
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {places.toReversed().map((place) => (
            <tr>
              <th scope="row">{fullTime(at[place] ?? 0)}</th>
              {lines.map(({ values }) => (
                <td class="num">{cell(values[place])}</td>
              ))}
              {band === null ? null : (
                <td class="num">
                  {cell(band.low[place])} to {cell(band.high[place])}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
