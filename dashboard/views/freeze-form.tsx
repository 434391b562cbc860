import { useState } from 'preact/hooks'
import type { FreezeView } from '../../lib/api.ts'
import { PATHS, send } from '../api.ts'
import { useShared } from '../context.ts'
import { type FreezeDraft, requestOf } from '../model/freezes.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Foot, useSending } from '../ui/sending.tsx'

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
  const [draft, setDraft] = useState<FreezeDraft>(() => blank(environments[0] ?? ''))
  const set = (changes: Partial<FreezeDraft>) => setDraft({ ...draft, ...changes })
  const sending = useSending(async () => {
    await send<FreezeView>('POST', PATHS.freezes, requestOf(draft, id), { 'idempotency-key': id })
    say(`Frozen: ${draft.reason}`)
    onClose()
  })
  const isStop = draft.kind === 'stop'
  return (
    <Dialog title="Add a freeze" onClose={onClose}>
      <form onSubmit={sending.submit}>
        <Kinds draft={draft} set={set} />
        <Times draft={draft} set={set} />
        <Where draft={draft} set={set} environments={environments} />
        <p class="muted">
          No rollout begins or goes a step further while it holds. What runs stays as it is; abort and rollback still
          work.
        </p>
        <Foot
          sending={sending}
          word={isStop ? 'Stop the line' : 'Add the freeze'}
          isDangerous={isStop}
          onClose={onClose}
        />
      </form>
    </Dialog>
  )
}

function blank(environment: string): FreezeDraft {
  return {
    kind: 'stop',
    environment,
    services: '',
    from: '',
    until: '',
    cron: '0 18 * * 5',
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    duration: '62h',
    reason: '',
  }
}

function Kinds({ draft, set }: Part) {
  return (
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
