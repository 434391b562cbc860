import { useNow } from '../hooks.ts'
import { ago, clock, duration, fullTime } from '../model/format.ts'

/** A moment by the reader's wall clock, with all of it in the tip; with seconds where it is `isExact`. */
export function When({ at, isExact = false }: { readonly at: string | number; readonly isExact?: boolean }) {
  const now = useNow(30_000)
  const moment = typeof at === 'number' ? at : Date.parse(at)
  if (Number.isNaN(moment)) return <span>{String(at)}</span>
  return (
    <time dateTime={new Date(moment).toISOString()} title={fullTime(moment)}>
      {clock(moment, now, isExact)}
    </time>
  )
}

/** How long ago a moment was. */
export function Ago({ at }: { readonly at: string | number }) {
  const now = useNow(30_000)
  const moment = typeof at === 'number' ? at : Date.parse(at)
  return (
    <time dateTime={new Date(moment).toISOString()} title={fullTime(moment)}>
      {ago(now - moment)}
    </time>
  )
}

/** Counts down to a moment: `in 4m 10s`, then `due`. */
export function Countdown({ at }: { readonly at: string }) {
  const now = useNow()
  const left = Date.parse(at) - now
  return <span class="countdown">{left > 0 ? `in ${duration(left)}` : 'due now'}</span>
}
