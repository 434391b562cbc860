import { useState } from 'preact/hooks'
import type { QuarantineRedriven, QuarantineView } from '../../lib/api.ts'
import { PATHS, Refused, readAll, send } from '../api.ts'
import { useShared } from '../context.ts'
import { useFetched, useNow } from '../hooks.ts'
import { holdsAt } from '../model/rights.ts'
import { Badge, Card, Empty, Failed, Loading } from '../ui/basics.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { When } from '../ui/time.tsx'

/** More than anybody looks through here; the command line tells all. */
const MOST = 500

/** What cannot be read or acted on: what, why, since when; to be tried again, or waited for no more. */
export function Quarantine() {
  const half = Math.floor(useNow(30_000) / 30_000)
  const load = (signal: AbortSignal) => readAll<QuarantineView>(PATHS.quarantine, MOST, signal)
  const { value, refused, again } = useFetched('quarantine', String(half), load)
  return (
    <div class="page">
      <div class="page-head">
        <h1>Quarantine</h1>
        <p class="muted grow">
          Rows that cannot be read, messages that cannot be acted on, and services that break Slipway's own code.
          Nothing of them is guessed, overwritten or lost.
        </p>
      </div>
      {refused === null ? null : <Failed refused={refused} again={again} />}
      {value === null && refused === null ? <Loading what="Asking what is in quarantine" /> : null}
      {value !== null && value.length === 0 ? (
        <Empty title="Nothing is in quarantine.">
          <p>Whatever was stored can be read, and whatever was delivered was acted on.</p>
        </Empty>
      ) : null}
      {value === null || value.length === 0 ? null : <Items items={value} again={again} />}
    </div>
  )
}

function Items({ items, again }: { readonly items: readonly QuarantineView[]; readonly again: () => void }) {
  const { me, say } = useShared()
  const [refused, setRefused] = useState<Refused | null>(null)
  const [dismissing, setDismissing] = useState<QuarantineView | null>(null)
  const redrive = async (item: QuarantineView) => {
    try {
      const answer = await send<QuarantineRedriven>('POST', PATHS.redrive(item.id))
      setRefused(null)
      say(SAID[answer?.outcome ?? 'queued'])
    } catch (error) {
      setRefused(error instanceof Refused ? error : new Refused(0, 'The answer could not be read.'))
    }
    again()
  }
  const may = (role: 'operator' | 'admin', { environment, service }: QuarantineView) =>
    me !== null && holdsAt(me, role, environment, service)
  const close = () => {
    setDismissing(null)
    again()
  }
  return (
    <Card title="What is there">
      {refused === null ? null : <Failed refused={refused} />}
      <table class="stack plain quarantine" role="table">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Why</th>
            <th scope="col">Since</th>
            <th scope="col">Tried</th>
            <th scope="col">
              <span class="hidden">What can be done</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <Item
              key={item.id}
              item={item}
              onRedrive={may('operator', item) ? () => void redrive(item) : null}
              onDismiss={may('admin', item) && item.what !== 'freezes' ? () => setDismissing(item) : null}
            />
          ))}
        </tbody>
      </table>
      {dismissing === null ? null : <Dismiss item={dismissing} onClose={close} />}
    </Card>
  )
}

const SAID: Readonly<Record<QuarantineRedriven['outcome'], string>> = {
  released: 'It can be read again, or is gone',
  unreadable: 'It still cannot be read',
  queued: 'It is tried again soon',
}

interface ItemProps {
  readonly item: QuarantineView
  readonly onRedrive: (() => void) | null
  readonly onDismiss: (() => void) | null
}

function Item({ item, onRedrive, onDismiss }: ItemProps) {
  const { place, why, since, tries, triedAt, redriven, content } = item
  return (
    <tr>
      <th scope="row">
        <Thing item={item} />
      </th>
      <td data-label="Why">
        <span class="free">{why}</span>
        {content === null ? null : (
          <details>
            <summary>How it begins</summary>
            <pre class="free">{content}</pre>
          </details>
        )}
      </td>
      <td data-label="Since">
        <When at={since} />
      </td>
      <td data-label="Tried">
        {tries} {tries === 1 ? 'time' : 'times'}, last <When at={triedAt} />
        {redriven === null ? null : (
          <span class="muted small">
            {' '}
            · sent again by <span class="free">{redriven.by}</span>
          </span>
        )}
      </td>
      <td class="quarantine-acts">
        <Act word="Try again" about={place} onClick={onRedrive} />
        <Act word="Dismiss" about={place} onClick={onDismiss} />
      </td>
    </tr>
  )
}

function Thing({ item }: Pick<ItemProps, 'item'>) {
  const { what, place, environment, service, state, holds } = item
  const word = holds ? 'left alone' : 'waits'
  return (
    <>
      <span class="pills">
        {state === 'waiting' ? (
          <Badge tone={holds ? 'bad' : 'wait'} glyph="!">
            {word}
          </Badge>
        ) : (
          <Badge tone="idle" glyph="↻">
            sent again
          </Badge>
        )}
        <strong>{what}</strong>
        <span>{[environment, service].filter((part) => part !== null).join('/')}</span>
      </span>
      <span class="muted small free">{place}</span>
    </>
  )
}

interface ActProps {
  readonly word: string
  readonly about: string
  readonly onClick: (() => void) | null
}

function Act({ word, about, onClick }: ActProps) {
  if (onClick === null) return null
  return (
    <button type="button" class="button" onClick={onClick}>
      {word}
      <span class="hidden"> {about}</span>
    </button>
  )
}

const DISMISSED: Readonly<Record<QuarantineView['kind'], string>> = {
  row: 'The row stays where it lies. It is read again after a month, or when somebody has it tried again.',
  message: 'The message is kept for a month, and not sent again unless somebody asks for it.',
  service: 'It is tried again as before, and shown no more.',
}

function Dismiss({ item, onClose }: { readonly item: QuarantineView; readonly onClose: () => void }) {
  const { say } = useShared()
  const [reason, setReason] = useState('')
  const [refused, setRefused] = useState<Refused | null>(null)
  const dismiss = async () => {
    try {
      await send('DELETE', `${PATHS.quarantined(item.id)}?${new URLSearchParams({ reason })}`)
      say('Dismissed')
      onClose()
    } catch (error) {
      setRefused(error instanceof Refused ? error : new Refused(0, 'The answer could not be read.'))
    }
  }
  return (
    <Dialog title="Wait for this no more" onClose={onClose}>
      <p class="free">{item.place}</p>
      <p>{DISMISSED[item.kind]}</p>
      <label>
        Why, for the audit
        <input value={reason} onInput={(event) => setReason(event.currentTarget.value)} maxLength={500} data-first />
      </label>
      {refused === null ? null : <Failed refused={refused} />}
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button danger" disabled={reason.trim() === ''} onClick={() => void dismiss()}>
          Dismiss it
        </button>
      </div>
    </Dialog>
  )
}
