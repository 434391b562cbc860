import type { Target } from '../../lib/core/service.ts'
import { ArmRefusal } from '../world/refusal.ts'
import type { Hand } from '../world/types.ts'
import type { Ground } from './ground.ts'
import type { TroubleItem } from './scenario.ts'
import type { SetUpTold } from './trace.ts'

/** A hand in the portal, `az` or a template changes the app of a service: foreign edits, and operations that fail. `isUndone`: the mode is set back. */
export function editOf(ground: Ground, item: TroubleItem, isUndone = false): void {
  const { stage, manifests, tell, appOf } = ground
  const target = manifests[item.service]?.target
  if (target === undefined) return
  const before = stage.world.ingress(target).weights
  const setUpBefore = setUpOf(ground, target)
  const names = ground.revisionsOf(target).flatMap(({ name, active }) => (active ? [name] : []))
  try {
    stage.world.edit(target, (hand) => {
      if (isUndone) hand.mode('Multiple')
      else change(ground, hand, item, target, names)
    })
  } catch (refusal) {
    // Azure refuses a hand as it refuses us, while an operation is under way.
    if (!(refusal instanceof ArmRefusal)) throw refusal
    return
  }
  const after = stage.world.ingress(target).weights
  const what = isUndone ? 'multiple-mode' : item.variant
  tell({ kind: 'edit', app: appOf(target), what, before, after, setUpBefore, setUpAfter: setUpOf(ground, target) })
  ground.watchTraffic()
}

function setUpOf({ stage }: Ground, target: Target): SetUpTold {
  const { labels, sticky, revisions } = stage.world.ingress(target)
  const { mode, traffic } = stage.world.see(target)
  const names = revisions.map(({ name }) => name).sort()
  const active = revisions.flatMap(({ name, active }) => (active ? [name] : [])).sort()
  return {
    mode,
    sticky,
    followsLatest: traffic.some(({ revision }) => revision === null),
    labels,
    revisions: names,
    active,
  }
}

function change({ stage }: Ground, hand: Hand, item: TroubleItem, target: Target, names: readonly string[]): void {
  const { variant, luck } = item
  const one = names[luck % names.length] ?? ''
  const deploy = (never: 'pull-fails' | 'stuck' | null) => {
    const image = `registry.example.com/${target.app}:by-hand-${luck}`
    if (never !== null) stage.world.behave(image, { never })
    hand.deploy(image)
  }
  switch (variant) {
    case 'weights':
      hand.traffic(splitOf(names, luck % 101))
      break
    case 'all-to-one':
      hand.traffic([{ revisionName: one, weight: 100 }])
      break
    case 'follows-latest':
      hand.traffic([{ latestRevision: true, weight: 100 }])
      break
    case 'label':
      hand.label('green', one)
      break
    case 'switched-off':
      hand.deactivate(one)
      break
    case 'sticky':
      hand.sticky(luck % 2 === 0)
      break
    case 'single-mode':
      hand.mode('Single')
      break
    case 'deployed':
      deploy(null)
      break
    case 'operation-failed':
      deploy('pull-fails')
      break
    case 'operation-stuck':
      deploy('stuck')
      break
    default:
      throw new Error(`no hand does ${variant}`)
  }
}

/** The two newest of these share the users; one alone has them all. */
function splitOf(names: readonly string[], share: number): Parameters<Hand['traffic']>[0] {
  const [older, newer] = names.slice(-2)
  if (older === undefined || newer === undefined) return [{ revisionName: names[0] ?? '', weight: 100 }]
  return [
    { revisionName: older, weight: share },
    { revisionName: newer, weight: 100 - share },
  ]
}
