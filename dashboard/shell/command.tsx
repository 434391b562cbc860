import { useState } from 'preact/hooks'
import type { CommandReply, CommandRequest, ServiceView } from '../../lib/api.ts'
import { PATHS, Refused, send } from '../api.ts'
import { type Asked, useShared } from '../context.ts'
import { roleAt } from '../model/rights.ts'
import { type Forecast, forecast, type Pressed } from '../model/will-happen.ts'
import { Failed } from '../ui/basics.tsx'
import { Dialog } from '../ui/dialog.tsx'

interface Wish {
  readonly reason: string
  readonly to: string
  readonly override: boolean
}

/** Says what a command will do and to whom, takes the reason, and sends it once. */
export function CommandDialog({ asked, onClose }: { readonly asked: Asked; readonly onClose: () => void }) {
  const { me, say } = useShared()
  const { verb, service, plan } = asked
  const [id] = useState(() => crypto.randomUUID())
  const [wish, setWish] = useState<Wish>({ reason: '', to: '', override: false })
  const [isSending, setSending] = useState(false)
  const [refused, setRefused] = useState<Refused | null>(null)
  const told = forecast(verb, service, plan)
  const isAdmin = me !== null && roleAt(me, service.environment, service.service) === 'admin'
  const mayOverride = isAdmin && isHeldBack(verb, service)
  const submit = async (event: Event) => {
    event.preventDefault()
    setSending(true)
    setRefused(null)
    try {
      const reply = await give(asked, id, wish)
      say(reply?.because ?? `${told.button}: done.`)
      onClose()
    } catch (error) {
      setRefused(
        error instanceof Refused ? error : new Refused(0, 'The answer could not be read. Look before you try again.'),
      )
      setSending(false)
    }
  }
  const needsReason = told.needsReason || wish.override
  return (
    <Dialog title={told.title} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p class="muted">
          {service.environment} / {service.service} {service.rollout === null ? '' : `· ${service.rollout}`}
        </p>
        {told.sentences.map((sentence) => (
          <p>{sentence}</p>
        ))}
        <BeforeAfter told={told} />
        {service.freeze !== null && verb !== 'abort' && verb !== 'undo' && verb !== 'pause' ? (
          <p class="note tone-wait">
            A freeze holds: {service.freeze.reason}. {mayOverride ? '' : 'Nothing takes new traffic until it ends.'}
          </p>
        ) : null}
        <p class="muted">{told.reversible}</p>
        {verb === 'undo' ? (
          <label class="field">
            Go back to (revision, rollout or tag; empty = what served before)
            <input value={wish.to} onInput={(event) => setWish({ ...wish, to: event.currentTarget.value })} />
          </label>
        ) : null}
        {mayOverride ? (
          <label class="check">
            <input
              type="checkbox"
              checked={wish.override}
              onChange={(event) => setWish({ ...wish, override: event.currentTarget.checked })}
            />
            Break glass: past freezes and approvals. It needs a reason and stands out in the audit.
          </label>
        ) : null}
        <label class="field">
          {needsReason ? 'Reason' : 'Reason (optional, goes into the audit)'}
          <textarea
            rows={2}
            maxLength={500}
            required={needsReason}
            value={wish.reason}
            onInput={(event) => setWish({ ...wish, reason: event.currentTarget.value })}
          />
        </label>
        {refused === null ? null : <Failed refused={refused} />}
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={told.isDangerous ? 'button danger' : 'button primary'}
            disabled={isSending}
            data-first
          >
            {isSending ? 'Sending …' : told.button}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

/** Whether a freeze or a gate stands before what the verb wants. */
function isHeldBack(verb: Pressed, { freeze, gate }: ServiceView): boolean {
  const goesOn = verb === 'promote' || verb === 'promote-full' || verb === 'retry' || verb === 'resume'
  return goesOn && (freeze !== null || gate !== null)
}

async function give(
  { verb, service }: Asked,
  id: string,
  { reason, to, override }: Wish,
): Promise<CommandReply | null> {
  const gate =
    verb === 'approve' && service.gate !== null ? { step: service.gate.step, digest: service.gate.digest } : {}
  const body: CommandRequest = {
    id,
    ...(service.rollout === null ? {} : { rollout: service.rollout }),
    ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
    ...(to.trim() === '' ? {} : { to: to.trim() }),
    ...(override ? { override } : {}),
    ...gate,
  }
  return send<CommandReply>('POST', PATHS.command(service.environment, service.service, verb), body, {
    'if-match': service.etag,
    'idempotency-key': id,
  })
}

function BeforeAfter({ told: { before, after } }: { readonly told: Forecast }) {
  if (before === null || after === null) return null
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return (
    <table class="mini">
      <caption class="hidden">Traffic before and after</caption>
      <thead>
        <tr>
          <th scope="col">Revision</th>
          <th scope="col" class="num">
            Now
          </th>
          <th scope="col" class="num">
            After
          </th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr>
            <th scope="row" class="mono">
              {name}
            </th>
            <td class="num">{before[name] ?? 0} %</td>
            <td class="num">
              <strong>{after[name] ?? 0} %</strong>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
