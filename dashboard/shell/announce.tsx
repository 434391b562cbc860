import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { ListOf, ServiceView } from '../../lib/api.ts'
import type { Live } from '../live.ts'
import { markOf } from '../model/words.ts'

/** What was said last; the number tells two same sentences apart. */
export interface Said {
  readonly text: string
  readonly number: number
}

const SHOWN_MS = 8000

/** Says what changed in the fleet from answer to answer, and what views want said. */
export function useAnnouncements(fleet: Live<ListOf<ServiceView>>): {
  readonly said: Said
  readonly say: (text: string) => void
} {
  const [said, setSaid] = useState<Said>({ text: '', number: 0 })
  const before = useRef<ReadonlyMap<string, string> | null>(null)
  const say = useCallback((text: string) => setSaid((old) => ({ text, number: old.number + 1 })), [])
  useEffect(() => {
    if (fleet.value === null) return
    const now = new Map(fleet.value.items.map((item) => [`${item.environment}/${item.service}`, standing(item)]))
    const old = before.current
    before.current = now
    if (old === null) return
    const changed = [...now].filter(([name, text]) => old.get(name) !== undefined && old.get(name) !== text)
    if (changed.length === 1) say(`${changed[0]?.[0]}: ${changed[0]?.[1]}`)
    else if (changed.length > 1) say(`${changed.length} services changed: ${changed.map(([name]) => name).join(', ')}`)
  }, [fleet.value])
  return { said, say }
}

function standing(service: ServiceView): string {
  const { word } = markOf(service)
  const step = service.step === null ? '' : `, step ${service.step.number} of ${service.step.of}`
  return `${service.tag ?? ''} ${word}${step}`.trim()
}

/** Shows what was said for some seconds, and reads it to those who listen. */
export function Announcer({ said }: { readonly said: Said }) {
  const [shown, setShown] = useState<Said | null>(null)
  useEffect(() => {
    if (said.text === '') return
    setShown(said)
    const timer = setTimeout(() => setShown(null), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [said.number])
  return (
    <div class="announcer" role="status" aria-live="polite" aria-atomic="true">
      {shown === null ? null : (
        <p class="toast" key={shown.number}>
          {shown.text}
        </p>
      )}
    </div>
  )
}
