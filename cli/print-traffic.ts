import type { ServiceView } from '../lib/api.ts'
import { duration } from '../lib/core/format.ts'
import type { Io } from './io.ts'
import type { Releases } from './releases.ts'
import { type Colour, coloured, cut, visible } from './terminal.ts'
import { clean, shortDigest } from './words.ts'

interface Branch {
  readonly role: string
  readonly name: string
  readonly actual: number | null
  readonly wanted: number | null
  readonly colour: Colour
}

const BAR = 16
const FIGURE = 9

/** The revisions as a tree: weights as they are and as they are wanted, and which release each of them is. */
export function trafficLines(
  io: Io,
  view: ServiceView,
  releases: Releases,
  width: number,
  now: number,
): readonly string[] {
  const branches = branchesOf(view)
  if (branches.length === 0) return []
  const room = width - 3 - BAR - 2 - 2 * FIGURE
  const head = `${'Traffic'.padEnd(room + 3)}${' '.repeat(BAR + 2)}${'actual'.padStart(FIGURE)}${'wanted'.padStart(FIGURE)}`
  const [fork, last, stem] = io.isUnicode ? ['├─ ', '└─ ', '│  '] : ['|- ', '`- ', '|  ']
  return [
    coloured(io, 'bold', head),
    ...branches.flatMap((branch, index) => {
      const isLast = index === branches.length - 1
      const told = aboutOf(view, releases, branch, now).join(io.isUnicode ? ' · ' : ' - ')
      const below =
        told === '' ? [] : [cut(`${isLast ? '   ' : stem}${' '.repeat(7)}${coloured(io, 'dim', told)}`, width)]
      return [branchLine(io, branch, isLast ? last : fork, room), ...below]
    }),
  ]
}

function branchLine(io: Io, { role, name, actual, wanted, colour }: Branch, edge: string, room: number): string {
  const text = cut(`${coloured(io, colour, role.padEnd(6))} ${clean(name, 80)}`, room, io.isUnicode ? '…' : '~')
  const differs = actual !== wanted && wanted !== null
  const figures = [weightText(actual), differs ? coloured(io, 'yellow', weightText(wanted)) : weightText(wanted, '-')]
  return `${edge}${text}${' '.repeat(Math.max(0, room - visible(text)))}${bar(io, actual ?? 0, wanted, colour)}  ${figures.join('')}`.trimEnd()
}

function weightText(weight: number | null, unknown = '?'): string {
  return (weight === null ? unknown : `${weight} %`).padStart(FIGURE)
}

/** Full as far as traffic is; marked as far as it is wanted to be. */
function bar(io: Io, actual: number, wanted: number | null, colour: Colour): string {
  const [full, goal, empty] = io.isUnicode ? ['█', '▒', '░'] : ['#', '+', '.']
  const cells = (weight: number) => Math.round((weight / 100) * BAR) || (weight > 0 ? 1 : 0)
  const [is, will] = [cells(actual), Math.max(cells(actual), cells(wanted ?? 0))]
  return `${coloured(io, colour, full.repeat(is))}${goal.repeat(will - is)}${coloured(io, 'dim', empty.repeat(BAR - will))}`
}

function branchesOf({ stable, canary, weights, outcome }: ServiceView): readonly Branch[] {
  const [actual, wanted] = [weights.actual, weights.wanted]
  const weight = (of: typeof actual, name: string) => (of === null ? null : (of[name] ?? 0))
  const branch = (role: string, name: string, colour: Colour): Branch => {
    return { role, name, colour, actual: weight(actual, name), wanted: weight(wanted, name) }
  }
  const others = Object.keys({ ...actual, ...wanted }).filter((name) => name !== stable && name !== canary)
  const isOver = outcome === 'promoted'
  const isServing = (name: string) => (actual?.[name] ?? 0) > 0
  return [
    ...(stable === null || stable === canary
      ? []
      : [branch(isOver ? 'former' : 'stable', stable, isOver ? 'dim' : 'green')]),
    ...(canary === null ? [] : [branch(isOver ? 'stable' : 'canary', canary, isOver ? 'green' : 'cyan')]),
    ...others.map((name) => branch(isServing(name) ? 'serves' : 'former', name, isServing(name) ? 'yellow' : 'dim')),
  ]
}

/** Tag, digest, age and health of a revision, as far as they are known. */
function aboutOf(
  view: ServiceView,
  { rollout, byRevision }: Releases,
  { name }: Branch,
  now: number,
): readonly string[] {
  const release = byRevision.get(name)
  const isCanary = name === view.canary
  const tag = isCanary ? view.tag : (release?.tag ?? null)
  const digest = isCanary ? view.digest : (release?.digest ?? null)
  const parts = [
    tag === null ? '' : clean(tag, 60),
    shortDigest(digest),
    release === undefined ? '' : `${duration(Math.max(0, now - release.madeAt))} old`,
    healthText(rollout, name, isCanary),
  ]
  return parts.filter((part) => part !== '')
}

function healthText(rollout: Releases['rollout'], name: string, isCanary: boolean): string {
  const footprint = rollout?.footprint
  if (rollout === null || footprint === null || footprint === undefined) return ''
  if (!footprint.revisions.includes(name)) return 'not made yet'
  if (isCanary && rollout.unwell > 0) return 'unhealthy'
  if (isCanary && rollout.restarting > 0) return 'its containers restart'
  if (isCanary && rollout.phase.kind === 'provisioning') return 'not ready yet'
  return footprint.active.includes(name) ? 'active' : ''
}
