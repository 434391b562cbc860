import type { ServiceView } from '../../lib/api.ts'
import { duration } from '../model/format.ts'
import type { Rollout } from '../model/rollout.ts'
import { serviceLink } from '../model/route.ts'
import { markOf } from '../model/words.ts'
import { Card, Pill } from '../ui/basics.tsx'
import { Ago } from '../ui/time.tsx'

/** The newest rollouts of a service, each with how it ended and how long it took. */
export function RolloutPast({
  service,
  rollouts,
  shown,
}: {
  readonly service: ServiceView
  readonly rollouts: readonly Rollout[]
  readonly shown: number
}) {
  return (
    <Card title="Rollouts" className="past">
      <ul class="past-list">
        {rollouts.map((rollout) => (
          <PastItem key={rollout.id} service={service} rollout={rollout} isShown={rollout.number === shown} />
        ))}
      </ul>
    </Card>
  )
}

function PastItem({
  service,
  rollout,
  isShown,
}: {
  readonly service: ServiceView
  readonly rollout: Rollout
  readonly isShown: boolean
}) {
  const { phase, startedAt, number, push } = rollout
  const isOver = phase.kind === 'finished'
  const gate = service.rollout === rollout.id ? service.gate : null
  return (
    <li class={isShown ? 'shown' : ''}>
      <a
        href={serviceLink(service.environment, service.service, number)}
        {...(isShown ? { 'aria-current': 'page' as const } : {})}
      >
        <span class="past-number">{number}</span>
        <span class="mono tag">{push.tag}</span>
        <Pill mark={markOf({ phase: phase.kind, outcome: isOver ? phase.outcome : null, gate })} isSmall />
        <span class="muted small past-time">
          <Ago at={startedAt} />
          {isOver ? `, took ${duration(phase.at - startedAt)}` : ''}
        </span>
      </a>
    </li>
  )
}
