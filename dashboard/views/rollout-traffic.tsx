import { duration } from '../model/format.ts'
import { rolesOf, type Scene, type StepView, stepsOf } from '../model/rollout.ts'
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
  failed: 'failed',
  stopped: 'ended here',
}

/** Other names where a plain one is that of a box of its own. */
const CLASSES: Readonly<Partial<Record<StepView['state'], string>>> = { failed: 'is-failed', stopped: 'is-stopped' }

const GLYPHS: Readonly<Partial<Record<StepView['state'], string>>> = {
  done: '✔',
  never: '–',
  failed: '✖',
  stopped: '■',
}

function Step({ step, isPaused }: { readonly step: StepView; readonly isPaused: boolean }) {
  const { number, weight, bakeMs, gate, state } = step
  const word = state === 'now' && isPaused ? 'paused here' : WORDS[state]
  return (
    <li class={`step ${CLASSES[state] ?? state}`} {...(state === 'now' ? { 'aria-current': 'step' as const } : {})}>
      <span class="step-mark" aria-hidden="true">
        {GLYPHS[state] ?? number}
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

/** What is new, what served before, and whoever else has traffic, as a tree below the app. */
function Revisions({ scene }: { readonly scene: Scene }) {
  const { rollout, status } = scene
  const roles = rolesOf(scene)
  const actual = status?.weights.actual ?? rollout.footprint?.weights ?? null
  const wanted = status?.weights.wanted ?? null
  const { stable, canary } = rollout
  const others = Object.keys(actual ?? {}).filter((name) => name !== stable && name !== canary)
  const active = rollout.footprint?.active ?? []
  return (
    <>
      {status === null ? null : (
        <WeightBar wanted={wanted} actual={actual} canary={canary} isLarge isPromoted={scene.outcome === 'promoted'} />
      )}
      <ul class="tree" aria-label={`Revisions of ${rollout.manifest.target.app}`}>
        {[
          { name: canary, role: roles.canary },
          ...(stable === null ? [] : [{ name: stable, role: roles.stable }]),
          ...others.map((name) => ({ name, role: ['other', 'other'] as const })),
        ].map(({ name, role: [key, word] }) => (
          <li class={`leaf ${key}`}>
            <span class="leaf-name">
              <span class={`key key-${key}`} aria-hidden="true" />
              <span class="mono free">{name}</span>
            </span>
            <span class="muted small">
              {word}
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
