import type { ServiceView } from '../../lib/api.ts'
import { numberOf, serviceLink } from '../model/route.ts'
import { markOf, needsPerson, verdictMark } from '../model/words.ts'
import { Badge, Pill, Text } from '../ui/basics.tsx'
import { Countdown, When } from '../ui/time.tsx'
import { WeightBar } from '../ui/weights.tsx'

/** One service in the fleet: a row on a wide screen, a card on a narrow one. */
export function FleetRow({ service }: { readonly service: ServiceView }) {
  const { environment, service: name, tag, rollout, weights, canary } = service
  const isMoving = service.phase !== 'finished' && service.phase !== 'idle'
  return (
    <tr role="row" class={needsPerson(service) ? 'urgent' : ''}>
      <th scope="row" role="rowheader">
        <a class="service-link" href={serviceLink(environment, name)}>
          {name}
        </a>
        <span class="muted small block">{environment}</span>
      </th>
      <td role="cell" class="cell-status">
        <span class="pills">
          <Pill mark={markOf(service)} />
          <Badges service={service} />
        </span>
        <span class="why" title={service.why}>
          <Text>{service.why}</Text>
        </span>
      </td>
      <td role="cell" data-label="Version">
        {tag === null ? <span class="muted">none</span> : <span class="mono tag">{tag}</span>}
        {rollout === null ? null : <span class="muted small block">rollout {numberOf(rollout)}</span>}
      </td>
      <td role="cell" class={service.step === null ? 'none' : ''} data-label="Step">
        <Steps service={service} />
      </td>
      <td role="cell" class={isMoving ? '' : 'none'} data-label="Canary traffic">
        {isMoving ? (
          <WeightBar wanted={weights.wanted} actual={weights.actual} canary={canary} />
        ) : (
          <span class="muted">–</span>
        )}
      </td>
      <td role="cell" class={service.kpis.length === 0 ? 'none' : ''} data-label="KPIs">
        <Kpis service={service} />
      </td>
      <td role="cell" class="cell-next" data-label="Next">
        <Next service={service} />
      </td>
    </tr>
  )
}

function Badges({ service: { gate, freeze, trouble, pending } }: { readonly service: ServiceView }) {
  return (
    <>
      {gate === null ? null : (
        <Badge tone="wait" glyph="◆">
          {gate.given.length} of {gate.required} approvals
        </Badge>
      )}
      {freeze === null ? null : (
        <Badge tone="run" glyph="❄" title={freeze.reason}>
          {freeze.unreadable ? 'freezes unread' : 'frozen'}
        </Badge>
      )}
      {trouble === null ? null : (
        <Badge tone="bad" glyph="!" title={trouble}>
          trouble
        </Badge>
      )}
      {pending.length === 0 ? null : (
        <Badge tone="idle" glyph="+" title={pending.join(', ')}>
          {pending.length} queued
        </Badge>
      )}
    </>
  )
}

function Steps({ service: { step, phase } }: { readonly service: ServiceView }) {
  if (step === null) return <span class="muted">–</span>
  const isOver = phase === 'finished'
  return (
    <span class="steps-mini">
      <span class="num">
        {step.number} of {step.of}
      </span>
      <span class="pips" aria-hidden="true">
        {Array.from({ length: step.of }, (_, index) => (
          <span
            class={index < step.number - (isOver ? 0 : 1) ? 'pip done' : index === step.number - 1 ? 'pip now' : 'pip'}
          />
        ))}
      </span>
    </span>
  )
}

function Kpis({ service: { kpis } }: { readonly service: ServiceView }) {
  if (kpis.length === 0) return <span class="muted">–</span>
  return (
    <ul class="kpi-marks">
      {kpis.map(({ kpi, verdict, because }) => {
        const mark = verdictMark(verdict)
        return (
          <li class={`kpi-mark tone-${mark.tone}`} title={because}>
            <span class="glyph" aria-hidden="true">
              {mark.glyph}
            </span>
            <span>{kpi}</span>
            <span class="hidden"> {mark.word}</span>
          </li>
        )
      })}
    </ul>
  )
}

function Next({ service: { next, nextAt } }: { readonly service: ServiceView }) {
  return (
    <>
      {nextAt === null ? null : (
        <span class="next-time">
          <Countdown at={nextAt} />
          <span class="muted">
            <When at={nextAt} />
          </span>
        </span>
      )}
      <span class="why" title={next}>
        <Text>{next}</Text>
      </span>
    </>
  )
}
