import { useState } from 'preact/hooks'
import { Refused } from '../api.ts'
import { Failed } from './basics.tsx'

/** A form that is sent: once at a time, and with what was refused. */
export interface Sending {
  readonly isBusy: boolean
  readonly refused: Refused | null
  readonly submit: (event: Event) => void
}

/** Sends with `give`; what is refused is shown, and the form can be sent again. */
export function useSending(give: () => Promise<void>): Sending {
  const [isBusy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Refused | null>(null)
  const send = async () => {
    setBusy(true)
    setRefused(null)
    try {
      await give()
    } catch (error) {
      const unread = 'The answer could not be read. Look before you try again.'
      setRefused(error instanceof Refused ? error : new Refused(0, unread))
      setBusy(false)
    }
  }
  const submit = (event: Event) => {
    event.preventDefault()
    void send()
  }
  return { isBusy, refused, submit }
}

/** The end of a form: what was refused, the way out, and the button that sends it. */
export function Foot({
  sending,
  word,
  isDangerous,
  isFirst = false,
  onClose,
}: {
  readonly sending: Sending
  readonly word: string
  readonly isDangerous: boolean
  /** Whether the button has the focus when the dialog opens. */
  readonly isFirst?: boolean
  readonly onClose: () => void
}) {
  return (
    <>
      {sending.refused === null ? null : <Failed refused={sending.refused} />}
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="submit"
          class={isDangerous ? 'button danger' : 'button primary'}
          disabled={sending.isBusy}
          {...(isFirst ? { 'data-first': true } : {})}
        >
          {sending.isBusy ? 'Sending …' : word}
        </button>
      </div>
    </>
  )
}
