import { duration } from '../model/format.ts'
import { type Scene, type StepView, stepsOf } from '../model/rollout.ts'
import { Card } from '../ui/basics.tsx'
import { WeightBar } from '../ui/weights.tsx'

/** The plan with how far it is, and where the traffic goes: wanted, actual, and by revision. */
export function RolloutTraffic({ scene }: { readonly scene: Scene }) {
  return (
    <div class="two traffic">
      <Card title="Steps">
        <ol class="steps">
          {stepsOf(scene).map((step) => (
            <Step key={step.number} step={step} isPaused={scene.phase === 'paused'} />
          ))}
        </ol>
      </Card>
      <Card title="Traffic">
        <Revisions scene={scene} />
      </Card>
    </div>
  )
}

const WORDS: Readonly<Record<StepView['state'], string>> = {
  done: 'done',
  now: 'now',
  ahead: 'ahead',
  never: 'not reached',
}

function Step({ step, isPaused }: { readonly step: StepView; readonly isPaused: boolean }) {
  const { number, weight, bakeMs, gate, state } = step
  const word = state === 'now' && isPaused ? 'paused here' : WORDS[state]
  return (
    <li class={`step ${state}`} {...(state === 'now' ? { 'aria-current': 'step' as const } : {})}>
      <span class="step-mark" aria-hidden="true">
        {state === 'done' ? '✔' : state === 'never' ? '–' : number}
      </span>
      <span class="step-weight">{weight} %</span>
      <span class="step-words muted">
        {word}
        {bakeMs > 0 ? `, bakes ${duration(bakeMs)}` : ''}
        {gate ? ', then a gate' : ''}
      </span>
    </li>
  )
}

/** Stable, canary and whoever else has traffic, as a tree below the app. */
function Revisions({ scene: { rollout, status } }: { readonly scene: Scene }) {
  const actual = status?.weights.actual ?? rollout.footprint?.weights ?? null
  const wanted = status?.weights.wanted ?? null
  const { stable, canary } = rollout
  const others = Object.keys(actual ?? {}).filter((name) => name !== stable && name !== canary)
  const active = rollout.footprint?.active ?? []
  return (
    <>
      {status === null ? null : <WeightBar wanted={wanted} actual={actual} canary={canary} isLarge />}
      <ul class="tree" aria-label={`Revisions of ${rollout.manifest.target.app}`}>
        {[
          { name: canary, role: 'canary' },
          ...(stable === null ? [] : [{ name: stable, role: 'stable' }]),
          ...others.map((name) => ({ name, role: 'other' })),
        ].map(({ name, role }) => (
          <li class={`leaf ${role}`}>
            <span class="leaf-name">
              <span class={`key key-${role}`} aria-hidden="true" />
              <span class="mono free">{name}</span>
            </span>
            <span class="muted small">
              {role}
              {active.includes(name) ? ', switched on' : ''}
            </span>
            <span class="leaf-weight">
              {actual === null ? 'not seen' : `${actual[name] ?? 0} %`}
              {wanted !== null && actual !== null && (wanted[name] ?? 0) !== (actual[name] ?? 0) ? (
                <span class="muted"> wanted {wanted[name] ?? 0} %</span>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
