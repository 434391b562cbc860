import { expect, test } from 'vitest'
import { type Sweeping, sweep } from '../../lib/engine/sweep.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Claimed } from '../../lib/ports.ts'
import { aPush, appAt, aRollout, finished, MINUTE } from '../support/builders.ts'
import { loaded, NOW, toldWheel } from './told-wheel.ts'
import { plain } from './words.ts'

/** What the store lets a sweep claim, turn by turn, others having something in hand until the last; and who breaks what. */
interface Scene {
  readonly claims: readonly Partial<Claimed>[]
  readonly how?: Partial<Sweeping>
  /** Loading a slice with one of these throws what it says. */
  readonly breaks?: Readonly<Record<string, Error>>
  /** Who broke our code the last time; absent = nobody looks after them. */
  readonly sick?: readonly string[]
}

const BUG = new TypeError('our own bug')
const AWAY = new Fault('throttled', 'storage is busy', { retryAfterMs: 7 })

/** What a sweep asks for and rings for, in turn, and how it ends. Each service that it comes to begins a rollout. */
async function swept({ claims, how, breaks = {}, sick }: Scene): Promise<readonly string[]> {
  const told: string[] = []
  const { wheel } = toldWheel({
    takesMs: { load: 0, commit: 0, ring: 0 },
    load: (names) => {
      told.push(`load ${names.join(' ')}`)
      for (const name of names) if (breaks[name] !== undefined) throw breaks[name]
      return names.map((name) => loaded(null, { key: { environment: 'production', name }, pending: [aPush()] }))
    },
  })
  const left = [...claims]
  const claim: Wheel['store']['claim'] = async (environment, now, limit, except) => {
    told.push(`claim ${limit} in ${environment} at ${plain(now)} without [${[...except].join(' ')}]`)
    const next = left.shift()
    return { names: [], left: 0, othersUntil: left.length > 0 ? NOW + 9_000 : null, ...next }
  }
  const bell: Wheel['bell'] = { ring: async (calls) => void told.push(`ring ${plain(calls)}`) }
  const infirmary: NonNullable<Wheel['infirmary']> = {
    restingIn: async () => new Set(),
    wake: async () => {},
    sickIn: async (environment) => {
      told.push(`who is sick in ${environment}?`)
      return new Set(sick)
    },
    note: async (environment, turned) => {
      told.push(
        `note ${environment}: ${turned.map(({ name, result, error }) => `${name} ${result} ${error}`).join(', ')}`,
      )
    },
  }
  const own = { ...wheel, store: { ...wheel.store, claim }, bell, ...(sick === undefined ? {} : { infirmary }) }
  const ended = await sweep(own, 'production', how).then(
    (all) => all.map(({ name, result }) => `${name} ${result}`).join(', '),
    (error) =>
      `throws ${error.name} ${error.kind ?? ''} ${error.retryAfterMs ?? ''} ${error.message}, by ${error.cause?.message}`,
  )
  return [...told, `= ${ended}`]
}

const over = finished('promoted', { at: NOW - MINUTE, watchUntil: NOW + 14 * MINUTE })
const begun = `ring [{"environment":"production","at":T0+3600s}]`
const help = `{"environment":"production","at":T0+3600s,"isHelp":true}`

test('a sweep claims until there is no more, and does not ask again for what it had', async () => {
  expect(await swept({ claims: [{ names: ['a', 'b'] }, { names: ['c'] }] })).toEqual([
    'claim 500 in production at T0+3600s without []',
    'load a b',
    begun,
    'claim 500 in production at T0+3600s without [a b]',
    'load c',
    begun,
    '= a saved, b saved, c saved',
  ])
})

test('where nothing is left, and others have nothing in hand, storage is not asked again', async () => {
  const asked = async (claim: Partial<Claimed>) =>
    (await swept({ claims: [claim] })).filter((line) => line.startsWith('claim')).length
  expect(await asked({ names: ['a', 'b'] })).toBe(1)
  expect(await asked({ names: ['a', 'b'], left: 1 })).toBe(2)
  expect(await asked({ names: ['a', 'b'], othersUntil: NOW + 9_000 })).toBe(2)
})

test('it calls one to help for each slice that is left, begun or whole, and once only', async () => {
  const claims = [
    { names: ['a'], left: 5 },
    { names: ['b'], left: 3 },
  ]
  const told = await swept({ claims, how: { slice: 2 } })
  expect(told.filter((line) => line.includes('isHelp'))).toEqual([`ring [${help},${help},${help}]`])
  expect(told.indexOf('load a')).toBe(2)
  const exactly = await swept({ claims: [{ names: ['a'], left: 4 }], how: { slice: 2 } })
  expect(exactly).toContain(`ring [${help},${help}]`)
})

test('it calls sixteen at most, and nobody where it was called itself', async () => {
  const claims = [{ names: ['a'], left: 17 }]
  const told = await swept({ claims, how: { slice: 1 } })
  expect(told.find((line) => line.includes('isHelp'))?.split('isHelp')).toHaveLength(17)
  expect((await swept({ claims, how: { slice: 1, isHelp: true } })).join()).not.toContain('isHelp')
})

test('where others have something in hand at the end, the bell calls when their claim is over', async () => {
  expect(await swept({ claims: [{ othersUntil: NOW + 9_000 }] })).toEqual([
    'claim 500 in production at T0+3600s without []',
    'ring [{"environment":"production","at":T0+3609s}]',
    '= ',
  ])
  const told = await swept({ claims: [{ names: ['a'], othersUntil: NOW + 9_000 }] })
  expect(told).not.toContain('ring [{"environment":"production","at":T0+3609s}]')
})

test('one slice that could not be looked at is thrown as it is, once the others are done', async () => {
  expect(await swept({ claims: [{ names: ['a'] }, { names: ['b'] }], breaks: { a: AWAY } })).toEqual([
    'claim 500 in production at T0+3600s without []',
    'load a',
    'claim 500 in production at T0+3600s without [a]',
    'load b',
    begun,
    '= throws Fault throttled 7 storage is busy, by undefined',
  ])
})

test('of several the first is told, with their number', async () => {
  const claims = [{ names: ['a'] }, { names: ['b'] }, { names: ['c'] }]
  const told = await swept({ claims, breaks: { a: AWAY, c: new Fault('unavailable', 'no answer') } })
  expect(told.at(-1)).toBe(
    '= throws Fault throttled  2 slices of production could not be looked at: storage is busy, by storage is busy',
  )
})

test('after five of them it gives up', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const told = await swept({
    claims: names.map((name) => ({ names: [name] })),
    breaks: Object.fromEntries(names.map((name) => [name, AWAY])),
  })
  expect(told.filter((line) => line.startsWith('load'))).toEqual(['load a', 'load b', 'load c', 'load d', 'load e'])
  expect(told.at(-1)).toContain('5 slices of production could not be looked at')
})

test('where nobody looks after those on whom our code breaks, it is thrown', async () => {
  expect(await swept({ claims: [{ names: ['a', 'b'] }], breaks: { b: BUG } })).toEqual([
    'claim 500 in production at T0+3600s without []',
    'load a b',
    '= throws TypeError   our own bug, by undefined',
  ])
})

test('where somebody does, halves are turned until it is known on whom it breaks', async () => {
  expect(await swept({ claims: [{ names: ['a', 'b', 'c'] }], breaks: { b: BUG }, sick: [] })).toEqual([
    'claim 500 in production at T0+3600s without []',
    'who is sick in production?',
    'load a b c',
    'load a b',
    'load c',
    'load a',
    'load b',
    begun,
    begun,
    'note production: a saved null, b broken TypeError: our own bug, c saved null',
    '= a saved, b broken, c saved',
  ])
})

test('who was sick the last time is turned apart, and whatever comes of it is noted together', async () => {
  const told = await swept({ claims: [{ names: ['a', 'b', 'c', 'd'] }], breaks: { d: BUG }, sick: ['b', 'd', 'x'] })
  expect(told.filter((line) => /^(load|note)/.test(line))).toEqual([
    'load a c',
    'load b d',
    'load b',
    'load d',
    'note production: a saved null, c saved null, b saved null, d broken TypeError: our own bug',
  ])
  expect((await swept({ claims: [{ names: ['b'] }], sick: ['b'] })).filter((line) => line.startsWith('load'))).toEqual([
    'load b',
  ])
})

test('a half that could not be looked at counts for its slice, and only what was turned is noted', async () => {
  const told = await swept({ claims: [{ names: ['a', 'b', 'c', 'd'] }], breaks: { a: AWAY, b: BUG }, sick: ['c', 'd'] })
  expect(told.filter((line) => line.startsWith('note'))).toEqual(['note production: c saved null, d saved null'])
  expect(told.at(-1)).toBe('= throws Fault throttled 7 storage is busy, by undefined')
})

test('halves of which one meets a bug and one storage that is away count as one that is away', async () => {
  const told = await swept({ claims: [{ names: ['a', 'b', 'c'] }], breaks: { a: BUG, c: AWAY }, sick: [] })
  expect(told.filter((line) => line.startsWith('load'))).toEqual([
    'load a b c',
    'load a b',
    'load c',
    'load a',
    'load b',
  ])
  expect(told.at(-1)).toBe('= throws Fault throttled 7 storage is busy, by undefined')
})

test('what a turn did not come to in time is claimed anew, and is in no answer', async () => {
  const names = Array.from({ length: 150 }, (_, n) => `svc-${n + 1}`)
  const { wheel } = toldWheel({
    takesMs: { observe: 20_000 },
    load: (asked) => asked.map((name) => loaded(aRollout(over, { key: { environment: 'production', name } }))),
    observe: (targets) => targets.map(() => ({ kind: 'seen', app: appAt(100) })),
  })
  const excepts: (readonly string[])[] = []
  const claim: Wheel['store']['claim'] = async (_environment, _now, _limit, except) => {
    excepts.push([...except])
    return { names: excepts.length === 1 ? names : [], left: 0, othersUntil: null }
  }
  const all = await sweep({ ...wheel, store: { ...wheel.store, claim } }, 'production')
  expect(excepts).toEqual([[], names.slice(0, 100)])
  expect(all.map(({ result }) => result)).toEqual(Array.from({ length: 100 }, () => 'saved'))
})
