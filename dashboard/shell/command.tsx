import { useState } from 'preact/hooks'
import type { CommandReply, CommandRequest, ServiceView } from '../../lib/api.ts'
import { PATHS, send } from '../api.ts'
import { type Asked, useShared } from '../context.ts'
import { roleAt } from '../model/rights.ts'
import { type Forecast, forecast, type Pressed } from '../model/will-happen.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Foot, useSending } from '../ui/sending.tsx'

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
  const told = forecast(verb, service, plan)
  const isAdmin = me !== null && roleAt(me, service.environment, service.service) === 'admin'
  const mayOverride = isAdmin && isHeldBack(verb, service)
  const sending = useSending(async () => {
    const reply = await give(asked, id, wish)
    say(reply?.because ?? `${told.button}: done.`)
    onClose()
  })
  return (
    <Dialog title={told.title} onClose={onClose}>
      <form onSubmit={sending.submit}>
        <p class="muted">
          {service.environment} / {service.service} {service.rollout === null ? '' : `· ${service.rollout}`}
        </p>
        {told.sentences.map((sentence) => (
          <p>{sentence}</p>
        ))}
        <BeforeAfter told={told} />
        {service.freeze !== null && GOES_ON.includes(verb) ? (
          <p class="note tone-wait">
            {service.freeze.unreadable ? 'Nobody can read which freezes hold' : 'A freeze holds'}:{' '}
            {service.freeze.reason}.{' '}
            {mayOverride
              ? ''
              : `Nothing takes new traffic until ${service.freeze.unreadable ? 'somebody can' : 'it ends'}.`}
          </p>
        ) : null}
        <p class="muted">{told.reversible}</p>
        <Wishes verb={verb} wish={wish} set={setWish} mayOverride={mayOverride} needsReason={told.needsReason} />
        <Foot sending={sending} word={told.button} isDangerous={told.isDangerous} onClose={onClose} isFirst />
      </form>
    </Dialog>
  )
}

function Wishes({
  verb,
  wish,
  set,
  mayOverride,
  needsReason,
}: {
  readonly verb: Pressed
  readonly wish: Wish
  readonly set: (wish: Wish) => void
  readonly mayOverride: boolean
  readonly needsReason: boolean
}) {
  const isNeeded = needsReason || wish.override
  return (
    <>
      {verb === 'undo' ? (
        <label class="field">
          Go back to (revision, rollout or tag; empty = what served before)
          <input value={wish.to} onInput={(event) => set({ ...wish, to: event.currentTarget.value })} />
        </label>
      ) : null}
      {mayOverride ? (
        <label class="check">
          <input
            type="checkbox"
            checked={wish.override}
            onChange={(event) => set({ ...wish, override: event.currentTarget.checked })}
          />
          Break glass: past freezes and approvals. It needs a reason and stands out in the audit.
        </label>
      ) : null}
      <label class="field">
        {isNeeded ? 'Reason' : 'Reason (optional, goes into the audit)'}
        <textarea
          rows={2}
          maxLength={500}
          required={isNeeded}
          value={wish.reason}
          onInput={(event) => set({ ...wish, reason: event.currentTarget.value })}
        />
      </label>
    </>
  )
}

const GOES_ON: readonly Pressed[] = ['promote', 'promote-full', 'retry', 'resume', 'approve']

/** Whether a freeze or a gate stands before what the verb wants. */
function isHeldBack(verb: Pressed, { freeze, gate }: ServiceView): boolean {
  return GOES_ON.includes(verb) && verb !== 'approve' && (freeze !== null || gate !== null)
}

/** What goes on is bound to what was shown; stopping is not: it must hold although a step has begun meanwhile. */
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
    'idempotency-key': id,
    ...(GOES_ON.includes(verb) ? { 'if-match': service.etag } : {}),
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
