import { isEnding, lackingOf, type Scene } from '../model/rollout.ts'
import { Text } from '../ui/basics.tsx'
import { EvidenceCard } from '../ui/evidence.tsx'
import { Countdown, When } from '../ui/time.tsx'
import { GateFacts } from './approvals.tsx'

/** What is going on, why, what comes next and when, what it lacks, and the KPIs that decide. */
export function RolloutNow({ scene }: { readonly scene: Scene }) {
  const { status, kpis, because, endedAt } = scene
  const lacking = lackingOf(scene)
  return (
    <>
      <section class="now card" aria-label="Now">
        <div class="now-part">
          <h2>Why</h2>
          <p class="lead">
            <Text>{because}</Text>
          </p>
          {status?.trouble && status.trouble !== because ? <p class="note tone-bad">{status.trouble}</p> : null}
        </div>
        <div class="now-part">
          <h2>{status === null ? 'Ended' : 'Next'}</h2>
          {status === null ? <Ended at={endedAt} /> : <Next scene={scene} />}
        </div>
        {lacking.length === 0 ? null : (
          <div class="now-part">
            <h2>Missing for the next step</h2>
            <ul class="lacking">
              {lacking.map((sentence) => (
                <li>
                  <Text>{sentence}</Text>
                </li>
              ))}
            </ul>
          </div>
        )}
      </section>
      {status?.gate ? (
        <section class="card" aria-labelledby="gate">
          <header class="card-head">
            <h2 id="gate">Gate at step {status.gate.step}</h2>
          </header>
          <GateFacts gate={status.gate} />
        </section>
      ) : null}
      {kpis.length === 0 ? null : (
        <section aria-label="KPIs" class="evidences">
          {kpis.map((evidence) => (
            <EvidenceCard key={evidence.kpi} evidence={evidence} isOver={isEnding(scene.phase)} />
          ))}
        </section>
      )}
    </>
  )
}

function Next({ scene: { status } }: { readonly scene: Scene }) {
  if (status === null) return null
  return (
    <>
      {status.nextAt === null ? null : (
        <p class="next-big">
          <Countdown at={status.nextAt} />
          <span class="muted">
            at <When at={status.nextAt} />
          </span>
        </p>
      )}
      <p>
        <Text>{status.next}</Text>
      </p>
    </>
  )
}

function Ended({ at }: { readonly at: number | null }) {
  return at === null ? (
    <p>It is not the newest rollout any more.</p>
  ) : (
    <p>
      It ended <When at={at} />.
    </p>
  )
}
