/** A share as people read it: `0.1 %`; two significant digits below one percent, one decimal above. */
export function percent(ratio: number): string {
  const value = ratio * 100
  if (value === 0) return '0 %'
  return `${Math.abs(value) < 1 ? Number(value.toPrecision(2)) : Math.round(value * 10) / 10} %`
}

/** A KPI's figure: a share as percentage, a gauge as its bare number. */
export function figure(value: number | null, unit: 'ratio' | 'figure'): string {
  if (value === null) return 'no figure'
  return unit === 'ratio' ? percent(value) : String(Number(value.toPrecision(4)))
}

/** A length of time by its two largest units: `2d 3h`, `4m 10s`, `0s`. Milliseconds in; negative is nothing. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0s'
  const said = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return said.map(([count, unit]) => `${count}${unit}`).join(' ')
}

/** How long ago, coarsely: `just now`, `4 min ago`, `3 h ago`, `12 days ago`. */
export function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`
  return `${Math.floor(minutes / 1440)} days ago`
}

/** A whole number with commas between thousands. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** A digest short enough to be read and long enough to be told apart: the first twelve hex digits. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12)
}

/** E-values span a dozen decades: whole above 100, two digits below, powers of ten from a million on. */
export function amount(value: number): string {
  if (value >= 1e6) return value.toExponential(0).replace('e+', 'e')
  return value >= 100 ? count(value) : String(Number(value.toPrecision(2)))
}

/** The wall clock of the reader, of 24 hours: the time, with the day before it unless it is today's. */
export function clock(at: number, now: number, hasSeconds = false): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString()
  return isToday ? timeOf(at, hasSeconds) : `${dayOf(at)} ${timeOf(at, hasSeconds)}`
}

/** What stands below a time axis: seconds where ticks are closer than a minute, the day where it changes, nothing twice. */
export function tickLabels(ticks: readonly number[]): readonly string[] {
  const [first = 0, second = first] = ticks
  const spansDays = (ticks.at(-1) ?? 0) - first > 86_400_000
  let day = spansDays ? '' : dayOf(first)
  let said = ''
  return ticks.map((at) => {
    const time = timeOf(at, second - first < 60_000)
    const label = dayOf(at) === day ? time : `${dayOf(at)}\n${time}`
    day = dayOf(at)
    if (label === said) return ''
    said = label
    return label
  })
}

function timeOf(at: number, hasSeconds: boolean): string {
  const seconds = hasSeconds ? { second: '2-digit' as const } : {}
  const look = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...seconds } as const
  return new Intl.DateTimeFormat(undefined, look).format(at)
}

function dayOf(at: number): string {
  return new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' }).format(at)
}

/** Day, time and offset in full, for those who must know exactly. */
export function fullTime(at: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long', hourCycle: 'h23' }).format(at)
}

/** `1 service`, `2 services`. */
export function many(value: number, one: string, several = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : several}`
}
