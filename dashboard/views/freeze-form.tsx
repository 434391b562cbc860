import { useState } from 'preact/hooks'
import type { FreezeView } from '../../lib/api.ts'
import { PATHS, Refused, send } from '../api.ts'
import { useShared } from '../context.ts'
import { type FreezeDraft, requestOf } from '../model/freezes.ts'
import { Failed } from '../ui/basics.tsx'
import { Dialog } from '../ui/dialog.tsx'

const KINDS: readonly { readonly kind: FreezeDraft['kind']; readonly word: string; readonly does: string }[] = [
  { kind: 'stop', word: 'Stop now', does: 'at once, until somebody lifts it' },
  { kind: 'once', word: 'Window', does: 'once, from one moment to another' },
  { kind: 'recurring', word: 'Recurring', does: 'again and again, by a cron line' },
]

/** Asks for a freeze, says what it will do, and sends it once. */
export function FreezeForm({
  environments,
  onClose,
}: {
  readonly environments: readonly string[]
  readonly onClose: () => void
}) {
  const { say } = useShared()
  const [id] = useState(() => crypto.randomUUID())
  const [refused, setRefused] = useState<Refused | null>(null)
  const [draft, setDraft] = useState<FreezeDraft>({
    kind: 'stop',
    environment: environments[0] ?? '',
    services: '',
    from: '',
    until: '',
    cron: '0 18 * * 5',
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    duration: '62h',
    reason: '',
  })
  const set = (changes: Partial<FreezeDraft>) => setDraft({ ...draft, ...changes })
  const submit = async (event: Event) => {
    event.preventDefault()
    setRefused(null)
    try {
      await send<FreezeView>('POST', PATHS.freezes, requestOf(draft, id), { 'idempotency-key': id })
      say(`Frozen: ${draft.reason}`)
      onClose()
    } catch (error) {
      setRefused(
        error instanceof Refused ? error : new Refused(0, 'The answer could not be read. Look before you try again.'),
      )
    }
  }
  return (
    <Dialog title="Add a freeze" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <fieldset class="choices">
          <legend>When</legend>
          {KINDS.map(({ kind, word, does }) => (
            <label class="check">
              <input
                type="radio"
                name="kind"
                checked={draft.kind === kind}
                onChange={() => set({ kind })}
                {...(kind === 'stop' ? { 'data-first': true } : {})}
              />
              <span>
                <strong>{word}</strong> <span class="muted">{does}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <Times draft={draft} set={set} />
        <Where draft={draft} set={set} environments={environments} />
        <p class="muted">
          No rollout begins or goes a step further while it holds. What runs stays as it is; abort and rollback still
          work.
        </p>
        {refused === null ? null : <Failed refused={refused} />}
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={draft.kind === 'stop' ? 'button danger' : 'button primary'}>
            {draft.kind === 'stop' ? 'Stop the line' : 'Add the freeze'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

interface Part {
  readonly draft: FreezeDraft
  readonly set: (changes: Partial<FreezeDraft>) => void
}

function Times({ draft, set }: Part) {
  if (draft.kind === 'stop') return null
  if (draft.kind === 'once') {
    return (
      <div class="pair">
        <label class="field">
          From
          <input
            type="datetime-local"
            required
            value={draft.from}
            onInput={(event) => set({ from: event.currentTarget.value })}
          />
        </label>
        <label class="field">
          Until
          <input
            type="datetime-local"
            required
            value={draft.until}
            onInput={(event) => set({ until: event.currentTarget.value })}
          />
        </label>
      </div>
    )
  }
  return (
    <div class="pair">
      <label class="field">
        Begins (cron line)
        <input required class="mono" value={draft.cron} onInput={(event) => set({ cron: event.currentTarget.value })} />
      </label>
      <label class="field">
        Lasts (as 62h or 30m)
        <input
          required
          class="mono"
          value={draft.duration}
          onInput={(event) => set({ duration: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        Time zone
        <input required value={draft.timeZone} onInput={(event) => set({ timeZone: event.currentTarget.value })} />
      </label>
    </div>
  )
}

function Where({ draft, set, environments }: Part & { readonly environments: readonly string[] }) {
  return (
    <>
      <div class="pair">
        <label class="field">
          Environment
          <select value={draft.environment} onChange={(event) => set({ environment: event.currentTarget.value })}>
            {environments.map((name) => (
              <option value={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="field">
          Services (empty = all)
          <input value={draft.services} onInput={(event) => set({ services: event.currentTarget.value })} />
        </label>
      </div>
      <label class="field">
        Reason
        <textarea
          rows={2}
          required
          maxLength={500}
          value={draft.reason}
          onInput={(event) => set({ reason: event.currentTarget.value })}
        />
      </label>
    </>
  )
}
