import { useState } from 'preact/hooks'
import type { FreezeView, ListOf } from '../../lib/api.ts'
import { PATHS, Refused, send } from '../api.ts'
import { environmentsOf, useShared } from '../context.ts'
import { useNow, useRead } from '../hooks.ts'
import { duration } from '../model/format.ts'
import { calendar, ordered, spokenTime } from '../model/freezes.ts'
import { roleAt } from '../model/rights.ts'
import { Badge, Card, Empty, Failed, Loading } from '../ui/basics.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { When } from '../ui/time.tsx'
import { FreezeForm } from './freeze-form.tsx'

/** Freezes: which hold, which come, and, for Admins, how to add and lift them. */
export function Freezes() {
  const { me, fleet } = useShared()
  const [isAdding, setAdding] = useState(false)
  const [lifting, setLifting] = useState<FreezeView | null>(null)
  const stamp = (fleet.value?.items ?? []).map(({ freeze }) => freeze?.id ?? '').join('|')
  const { value, refused, again } = useRead<ListOf<FreezeView>>(PATHS.freezes, stamp)
  const environments = environmentsOf(fleet)
  const mine = me === null ? [] : environments.filter((environment) => roleAt(me, environment, null) === 'admin')
  const freezes = ordered(value?.items ?? [])
  const close = () => {
    setAdding(false)
    setLifting(null)
    again()
  }
  return (
    <div class="page">
      <div class="page-head">
        <h1>Freezes</h1>
        <p class="muted grow">While one holds, nothing new takes traffic. Aborts and rollbacks are never held back.</p>
        {mine.length === 0 ? null : (
          <button type="button" class="button primary" onClick={() => setAdding(true)}>
            Add a freeze
          </button>
        )}
      </div>
      {refused === null ? null : <Failed refused={refused} again={again} />}
      {value === null && refused === null ? <Loading what="Asking for the freezes" /> : null}
      {value !== null && freezes.length === 0 ? (
        <Empty title="Nothing is frozen.">
          <p>An Admin can stop the line at once, freeze a window such as a holiday, or every weekend.</p>
        </Empty>
      ) : null}
      {freezes.length === 0 ? null : (
        <>
          <Calendar freezes={freezes} />
          <ul class="freezes">
            {freezes.map((freeze) => (
              <Item
                key={`${freeze.environment}/${freeze.id}`}
                freeze={freeze}
                onLift={mine.includes(freeze.environment) ? () => setLifting(freeze) : null}
              />
            ))}
          </ul>
        </>
      )}
      {isAdding ? <FreezeForm environments={mine} onClose={close} /> : null}
      {lifting === null ? null : <Lift freeze={lifting} onClose={close} />}
    </div>
  )
}

function Item({ freeze, onLift }: { readonly freeze: FreezeView; readonly onLift: (() => void) | null }) {
  const { environment, services, reason, by, createdAt, active } = freeze
  return (
    <li class={active ? 'card freeze active' : 'card freeze'}>
      <div>
        <p class="pills">
          {active ? (
            <Badge tone="wait" glyph="❄">
              holds now
            </Badge>
          ) : (
            <Badge tone="idle" glyph="◷">
              {freeze.window === null ? 'over' : 'to come'}
            </Badge>
          )}
          <strong>{environment}</strong>
          <span>{services === null ? 'all services' : services.join(', ')}</span>
        </p>
        <p class="freeze-reason free">{reason}</p>
        <p>
          {spokenTime(freeze)}
          {freeze.window === null ? null : (
            <span class="muted">
              {' '}
              · {active ? 'since' : 'next'} <When at={freeze.window.from} />
              {freeze.window.until === null ? ', until it is lifted' : null}
              {freeze.window.until === null ? null : (
                <>
                  {' '}
                  to <When at={freeze.window.until} />
                </>
              )}
            </span>
          )}
        </p>
        <p class="muted small">
          by <span class="free">{by}</span>, <When at={createdAt} />
        </p>
      </div>
      {onLift === null ? null : (
        <button type="button" class="button" onClick={onLift}>
          Lift<span class="hidden"> {reason}</span>
        </button>
      )}
    </li>
  )
}

const DAYS = 14

/** The coming two weeks, a row for each freeze: where it holds is filled. */
function Calendar({ freezes }: { readonly freezes: readonly FreezeView[] }) {
  const now = useNow(60_000)
  const rows = calendar(freezes, now, DAYS)
  const days = Array.from({ length: DAYS }, (_, day) => new Date(now + day * 86_400_000))
  if (rows.length === 0) return null
  return (
    <Card title="Next two weeks" aside={<span class="muted small">present and next time of each</span>}>
      <div class="calendar" aria-hidden="true">
        <span />
        <div class="days">
          {days.map((day) => (
            <span class={day.getDay() === 0 || day.getDay() === 6 ? 'day weekend' : 'day'}>
              <span class="day-name">{new Intl.DateTimeFormat(undefined, { weekday: 'narrow' }).format(day)}</span>
              {day.getDate()}
            </span>
          ))}
        </div>
        {rows.map(({ freeze, left, width }) => (
          <>
            <span class="calendar-name" title={freeze.reason}>
              {freeze.reason}
            </span>
            <div class="lane">
              <span class={freeze.active ? 'span active' : 'span'} style={{ left: `${left}%`, width: `${width}%` }} />
            </div>
          </>
        ))}
      </div>
    </Card>
  )
}

function Lift({ freeze, onClose }: { readonly freeze: FreezeView; readonly onClose: () => void }) {
  const { say } = useShared()
  const [refused, setRefused] = useState<Refused | null>(null)
  const lift = async () => {
    try {
      await send('DELETE', PATHS.freeze(freeze.environment, freeze.id))
      say(`Lifted: ${freeze.reason}`)
      onClose()
    } catch (error) {
      setRefused(error instanceof Refused ? error : new Refused(0, 'The answer could not be read.'))
    }
  }
  const until = freeze.window?.until ?? null
  return (
    <Dialog title="Lift this freeze" onClose={onClose}>
      <p class="free">{freeze.reason}</p>
      <p>
        {freeze.active
          ? `Rollouts in ${freeze.environment} that wait for it go on at once${until === null ? '' : `, ${duration(Date.parse(until) - Date.now())} earlier than planned`}.`
          : `It will not hold in ${freeze.environment} when its time comes.`}
      </p>
      <p class="muted">Reversible: the same freeze can be added again.</p>
      {refused === null ? null : <Failed refused={refused} />}
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button danger" onClick={() => void lift()} data-first>
          Lift it
        </button>
      </div>
    </Dialog>
  )
}
