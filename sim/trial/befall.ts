import { Fault } from '../../lib/errors.ts'
import type { Ground } from './ground.ts'
import { keyOf } from './ground.ts'
import { editOf } from './hands.ts'
import { lieOf } from './lies.ts'
import { PLANTED } from './planted-secrets.ts'
import type { SinkMood } from './post.ts'
import type { TroubleItem } from './scenario.ts'
import { injectionOf } from './troubles.ts'
import type { Workers } from './workers.ts'

const MINUTE_MS = 60_000

/** How wake-ups come now. */
export interface Wakes {
  timer: 'on' | 'silent' | 'doubled'
  bell: 'on' | 'doubled' | 'late'
  /** Two workers at a time, by this luck; null = one. */
  race: number | null
  /** The next sweep falls asleep before this write; null = none does. */
  stall: number | null
  /** Whether there is no control plane at all. */
  gone: boolean
}

/** What a trouble works on. */
export interface Befallen {
  readonly ground: Ground
  readonly workers: Workers
  readonly wakes: Wakes
  readonly standing: Standing
  /** Deliveries and commands that a trouble brings. */
  readonly deliver: (service: number, what: 'again' | 'late' | 'reordered') => void
  readonly poison: (item: TroubleItem) => void
  readonly click: (item: TroubleItem) => void
}

/** What ends a trouble that lasts. */
export type Ends = () => void

/** Troubles that stand, by what they change; the newest of each comes last. */
export type Standing = Map<string, unknown[]>

/** Changes one thing until the end. Of several troubles that change the same, the newest that still stands has it. */
function holding<T>({ standing }: Befallen, what: string, set: (value: T) => void, value: T, usual: T): Ends {
  const all = (standing.get(what) ?? []) as { readonly value: T }[]
  const mine = { value }
  standing.set(what, all)
  all.push(mine)
  set(value)
  return () => {
    all.splice(all.indexOf(mine), 1)
    set(all.at(-1)?.value ?? usual)
  }
}

/** Lets a trouble begin, or strike once. Returns what ends it; null = it struck and is over, or ends by itself. */
export function befall(on: Befallen, item: TroubleItem): Ends | null {
  const { stage } = on.ground
  const { world, clock } = stage
  const injection = injectionOf(item.variant, clock.now() + item.lastsMs)
  if (injection !== null) {
    world.inject(injection)
    return () => {}
  }
  return atAzure(on, item) ?? atWorkers(on, item) ?? atWakes(on, item) ?? atParts(on, item) ?? strike(on, item)
}

function atAzure(on: Befallen, { variant, luck, service }: TroubleItem): Ends | null {
  const { ground } = on
  const lie = lieOf(variant, luck)
  const target = ground.manifests[service]?.target
  if (lie === null || target === undefined) return null
  const { world } = ground.stage
  return holding(on, `lie ${service}`, (one: typeof lie | null) => world.lie(target, one), lie, null)
}

function atWorkers(on: Befallen, { variant, luck }: TroubleItem): Ends | null {
  const { workers } = on
  const skewOne = (by: number, place: number) => {
    const set = (skew: number) => {
      workers.skews[place] = skew
    }
    return holding(on, `skew ${place}`, set, by, 0)
  }
  const skew = (by: number, places: readonly number[]) => {
    const ends = places.map((place) => skewOne(by, place))
    return () => {
      for (const end of ends) end()
    }
  }
  const all = workers.skews.map((_, place) => place)
  const [one, by] = [luck % workers.count, 1000 + (luck % (5 * MINUTE_MS - 1000))]
  switch (variant) {
    case 'clock-ahead':
      return skew(by, [one])
    case 'clock-behind':
      return skew(-by, [one])
    case 'clock-jump':
      return skew(luck % 2 === 0 ? by : -by, all)
    case 'race':
      return held(on, 'race', luck, null)
    default:
      return null
  }
}

function held<K extends keyof Wakes>(on: Befallen, key: K, value: Wakes[K], usual: Wakes[K]): Ends {
  const set = (one: Wakes[K]) => {
    on.wakes[key] = one
  }
  return holding(on, key, set, value, usual)
}

function atWakes(on: Befallen, item: TroubleItem): Ends | null {
  const { ground, workers } = on
  const { bell } = ground.stage
  switch (item.variant) {
    case 'plane-gone': {
      for (let place = 0; place < workers.count; place += 1) workers.at(place).isDead = true
      // Nobody but a person is left, who gives one revision everything.
      editOf(ground, { ...item, variant: 'all-to-one' })
      return held(on, 'gone', true, false)
    }
    case 'timer-missed':
    case 'timer-late':
      return held(on, 'timer', 'silent', 'on')
    case 'timer-doubled':
      return held(on, 'timer', 'doubled', 'on')
    case 'bell-doubled':
      return held(on, 'bell', 'doubled', 'on')
    case 'bell-late':
      return held(on, 'bell', 'late', 'on')
    case 'bell-lost': {
      const set = (isDeaf: boolean) => {
        bell.deaf = isDeaf
      }
      return holding(on, 'deaf', set, true, false)
    }
    default:
      return null
  }
}

function atParts(on: Befallen, item: TroubleItem): Ends | null {
  const { ground } = on
  const { variant, luck, service } = item
  const { stage, footing } = ground
  const { metrics, registry } = stage
  const ill = (ailment: 'outage' | 'holes' | 'silence') => {
    const set = (one: typeof ailment | null) => {
      metrics.ailment = one
    }
    return holding(on, 'ailment', set, ailment, null)
  }
  switch (variant) {
    case 'metrics-outage':
      return ill('outage')
    case 'metrics-holes':
      return ill('holes')
    case 'metrics-silence':
      return ill('silence')
    case 'metrics-lag': {
      const set = (lagMs: number) => {
        metrics.lagMs = lagMs
      }
      return holding(on, 'lag', set, 1 + (luck % (30 * MINUTE_MS)), 0)
    }
    case 'registry-down': {
      const set = (trouble: typeof registry.trouble) => {
        registry.trouble = trouble
      }
      return holding(on, 'registry', set, REGISTRY_DOWN, null)
    }
    case 'digest-missing': {
      const digest = ground.rolloutOf(service)?.push.digest ?? ''
      const set = (isGone: boolean) => (isGone ? registry.remove(digest) : registry.restore(digest))
      return holding(on, `digest ${digest}`, set, true, false)
    }
    case 'sink-down':
      return moody(on, 'down', luck)
    case 'sink-throttled':
      return moody(on, 'throttled', luck)
    case 'sink-slow':
      return moody(on, 'slow', luck)
    case 'sink-refusing':
      return moody(on, 'refusing', luck)
    case 'single-mode':
      editOf(ground, item)
      return () => editOf(ground, item, true)
    default: {
      const manifest = ground.manifests[service]
      return manifest === undefined ? null : footing.befall(item, keyOf(manifest))
    }
  }
}

function moody(on: Befallen, mood: SinkMood, luck: number): Ends {
  const { post } = on.ground
  const set = (one: { readonly mood: SinkMood; readonly luck: number }) => void Object.assign(post, one)
  return holding(on, 'mood', set, { mood, luck }, { mood: 'well', luck })
}

const REGISTRY_DOWN = {
  kind: 'unavailable',
  message: new Fault('unavailable', `https://robot:${PLANTED.registryPassword}@registry.example.com is down`).message,
  retryAfterMs: null,
} as const

function strike({ ground, workers, wakes, deliver, poison, click }: Befallen, item: TroubleItem): null {
  const { variant, luck, service } = item
  const doomed = (calls: number, moment: 'before' | 'after') => ({ calls, moment })
  switch (variant) {
    case 'crash-before':
    case 'crash-after':
      for (let place = 0; place < workers.count; place += 1) {
        if (place === luck % workers.count)
          workers.at(place).doom = doomed(1 + (luck % 12), variant === 'crash-before' ? 'before' : 'after')
      }
      return null
    case 'wire-crash-before':
    case 'wire-crash-after': {
      const moment = variant === 'wire-crash-before' ? 'before' : 'after'
      workers.at(luck).doom = { calls: 1 + (luck % 1000), moment, wire: true }
      return null
    }
    case 'restart':
      for (let place = 0; place < workers.count; place += 1) {
        workers.at(place).doom = doomed(1 + ((luck >> place) % 9), luck % 2 === 0 ? 'before' : 'after')
      }
      return null
    case 'stalled':
      wakes.stall = 1 + (luck % 3)
      return null
    case 'push-duplicate':
      deliver(service, 'again')
      return null
    case 'push-late':
      deliver(service, 'late')
      return null
    case 'push-reordered':
      deliver(service, 'reordered')
      return null
    case 'message-poison':
      poison(item)
      return null
    case 'double-click':
    case 'approve-abort':
      click(item)
      return null
    default:
      editOf(ground, item)
      return null
  }
}

/** Whether a service of this ground is known by this key's name; for the words of a trace. */
export function entityAt({ manifests }: Ground, service: number): string {
  const manifest = manifests[service]
  if (manifest === undefined) throw new RangeError(`a trial without a service ${service}`)
  const { environment, name } = keyOf(manifest)
  return `${environment}/${name}`
}
