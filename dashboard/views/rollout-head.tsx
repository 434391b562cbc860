import type { ServiceView } from '../../lib/api.ts'
import { useShared } from '../context.ts'
import { shortDigest } from '../model/format.ts'
import type { Scene } from '../model/rollout.ts'
import { serviceLink } from '../model/route.ts'
import { type Pressed, VERB_WORDS, VERBS } from '../model/will-happen.ts'
import { markOf } from '../model/words.ts'
import { Badge, Pill } from '../ui/basics.tsx'
import { When } from '../ui/time.tsx'

/** Which service and version this is, how it stands, and what the reader may do about it. */
export function RolloutHead({ scene, service }: { readonly scene: Scene; readonly service: ServiceView }) {
  const { rollout, status } = scene
  const { environment, name } = rollout.key
  const isNewest = status !== null
  return (
    <header class="rollout-head">
      <div>
        <p class="crumbs">
          <a href="#/">Fleet</a> / {environment}
          {isNewest ? null : (
            <>
              {' / '}
              <a href={serviceLink(environment, name)}>{name}, newest</a>
            </>
          )}
        </p>
        <h1>
          {name} <span class="mono tag">{rollout.push.tag}</span>
        </h1>
        <p class="pills">
          <Pill mark={markOf({ phase: scene.phase, outcome: scene.outcome, gate: status?.gate ?? null })} />
          {status?.freeze ? (
            <Badge tone="run" glyph="❄">
              {status.freeze.unreadable ? 'freezes cannot be read' : 'frozen'}: {status.freeze.reason}
            </Badge>
          ) : null}
          <span class="muted">
            {rollout.id} ·{' '}
            <span class="mono" title={rollout.push.digest}>
              {shortDigest(rollout.push.digest)}
            </span>{' '}
            · started <When at={rollout.startedAt} />
          </span>
        </p>
      </div>
      {isNewest ? (
        <Buttons service={service} plan={rollout.manifest.stages} />
      ) : (
        <p class="muted">A past rollout: nothing to do here.</p>
      )}
    </header>
  )
}

/** The commands that the state allows and this reader may give; no others are there, nor is abort while it gives back already. */
function Buttons({
  service,
  plan,
}: {
  readonly service: ServiceView
  readonly plan: Scene['rollout']['manifest']['stages']
}) {
  const { command } = useShared()
  const isStopping = service.phase === 'rolling-back'
  const offered = VERBS.filter(
    (verb) => (service.may as readonly string[]).includes(verb) && !(verb === 'abort' && isStopping),
  )
  if (offered.length === 0) return null
  return (
    <div class="buttons" role="group" aria-label="Commands">
      {offered.map((verb) => (
        <button
          type="button"
          class={styleOf(verb, offered)}
          data-verb={verb}
          onClick={() => command({ verb, service, plan })}
        >
          {verb === 'abort' ? (
            <span class="glyph" aria-hidden="true">
              ■
            </span>
          ) : null}
          {VERB_WORDS[verb]}
        </button>
      ))}
    </div>
  )
}

function styleOf(verb: Pressed, offered: readonly Pressed[]): string {
  if (verb === 'abort') return 'button danger'
  return verb === offered[0] && verb !== 'undo' && verb !== 'pause' ? 'button primary' : 'button'
}
