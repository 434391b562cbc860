import type { GateView, ListOf, ServiceView } from '../../lib/api.ts'
import { PATHS } from '../api.ts'
import { useShared } from '../context.ts'
import { useRead } from '../hooks.ts'
import { many, shortDigest } from '../model/format.ts'
import { serviceLink } from '../model/route.ts'
import { Empty, Failed, Loading } from '../ui/basics.tsx'
import { Ago, Countdown, When } from '../ui/time.tsx'

/** Gates that wait: what they are, what they have, and who may open them. */
export function Approvals() {
  const { fleet } = useShared()
  const services = fleet.value?.items ?? []
  const stamp = services.map(({ etag, gate }) => (gate === null ? '' : `${etag}${gate.given.length}`)).join('|')
  const { value, refused, again } = useRead<ListOf<GateView>>(PATHS.approvals, stamp)
  return (
    <div class="page">
      <div class="page-head">
        <h1>Approvals</h1>
        {value === null ? null : <p class="muted">{many(value.items.length, 'gate waits', 'gates wait')}</p>}
      </div>
      {refused === null ? null : <Failed refused={refused} again={again} />}
      {value === null && refused === null ? <Loading what="Asking for the gates" /> : null}
      {value !== null && value.items.length === 0 ? (
        <Empty title="No gate waits.">
          <p>A rollout stops at each step whose manifest says “pause” until it is approved. It appears here then.</p>
        </Empty>
      ) : null}
      <div class="gates">
        {(value?.items ?? []).map((gate) => (
          <Gate
            key={`${gate.environment}/${gate.rollout}`}
            gate={gate}
            service={
              services.find((one) => one.environment === gate.environment && one.service === gate.service) ?? null
            }
          />
        ))}
      </div>
    </div>
  )
}

function Gate({ gate: view, service }: { readonly gate: GateView; readonly service: ServiceView | null }) {
  const { command } = useShared()
  const { gate, environment, mine } = view
  const verb = service?.may.find((one) => one === 'approve')
  return (
    <section class="card gate" aria-label={`${environment}/${view.service}`}>
      <header class="gate-head">
        <div>
          <h2>
            <a href={serviceLink(environment, view.service)}>{view.service}</a> <span class="mono tag">{view.tag}</span>
          </h2>
          <p class="muted">
            {environment} · {view.rollout} · step {gate.step} · <span class="mono">{shortDigest(view.digest)}</span>
          </p>
        </div>
        {mine.may && verb !== undefined && service !== null ? (
          <button
            type="button"
            class="button primary"
            onClick={() => command({ verb: 'approve', service, plan: null })}
          >
            Approve<span class="hidden"> {view.rollout}</span>
          </button>
        ) : null}
      </header>
      <GateFacts gate={gate} />
      {mine.may ? null : <p class="note tone-idle">{mine.because}</p>}
    </section>
  )
}

/** What a gate takes and has: approvals given, who may give them, and when it ends by itself. */
export function GateFacts({ gate }: { readonly gate: GateView['gate'] }) {
  const lacking = Math.max(0, gate.required - gate.given.length)
  return (
    <div class="gate-facts">
      <ol class="approvals" aria-label={`${gate.given.length} of ${gate.required} approvals are given`}>
        {gate.given.map(({ by, at, expiresAt }) => (
          <li class="given">
            <span class="glyph" aria-hidden="true">
              ✔
            </span>
            <span class="free">{by}</span>
            <span class="muted">
              <Ago at={at} />
              {expiresAt === null ? null : (
                <>
                  , holds until <When at={expiresAt} />
                </>
              )}
            </span>
          </li>
        ))}
        {Array.from({ length: lacking }, () => (
          <li class="lacking">
            <span class="glyph" aria-hidden="true">
              ○
            </span>
            missing
          </li>
        ))}
      </ol>
      <dl class="facts">
        <div>
          <dt>Who may approve</dt>
          <dd>
            {gate.from === null ? 'every Approver of this service' : gate.from.join(', ')}
            {gate.notAuthor ? `, but not the author of the push${gate.author === null ? '' : ` (${gate.author})`}` : ''}
          </dd>
        </div>
        <div>
          <dt>If nobody does</dt>
          <dd>
            {gate.expiresAt === null ? (
              'it waits; abort rolls back'
            ) : (
              <>
                rolled back <Countdown at={gate.expiresAt} /> (<When at={gate.expiresAt} />)
              </>
            )}
          </dd>
        </div>
      </dl>
    </div>
  )
}
