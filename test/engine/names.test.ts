import { expect, test } from 'vitest'
import type { Caller } from '../../lib/core/caller.ts'
import type { PersonRecord } from '../../lib/core/people.ts'
import {
  bylineOf,
  createNaming,
  knownAs,
  peoplePage,
  signed,
  withoutAuthor,
  withoutWords,
  withWords,
} from '../../lib/engine/people.ts'
import { Fault } from '../../lib/errors.ts'
import type { People } from '../../lib/ports.ts'
import { aManifest } from '../support/builders.ts'
import { version } from '../support/story.ts'

const ADA: Caller = { id: 'id-ada', name: 'ada@example.com', kind: 'person', grants: [], method: 'cookie', app: 'ui' }

/** People in memory, and what was asked of them. */
function register() {
  const all: PersonRecord[] = []
  const calls: string[] = []
  const people: Pick<People, 'find' | 'add' | 'rename' | 'named'> = {
    find: async (kind, key) => {
      calls.push(`find ${kind} ${key}`)
      return all.find((one) => one.kind === kind && one.key === key) ?? null
    },
    add: async (kind, key, name, since) => {
      calls.push(`add ${kind} ${key} ${name} ${since}`)
      const person = { pseudonym: `person:${String(all.length + 1).padStart(16, '0')}`, kind, key, name, since }
      all.push(person)
      return person
    },
    rename: async (pseudonym, name) => void calls.push(`rename ${pseudonym} ${name}`),
    named: async (pseudonyms) => {
      calls.push(`named ${pseudonyms.join(' ')}`)
      return new Map(pseudonyms.map((one) => [one, all.find(({ pseudonym }) => pseudonym === one) ?? null]))
    },
  }
  const clock = { time: 1000, now: () => clock.time }
  return { all, calls, clock, people: people as People }
}

const pseudonym = (n: number) => `person:${String(n).padStart(16, '0')}`

test('a person is added once under the id of their account, and renamed only when their name is another', async () => {
  const { people, clock, calls } = register()
  const registrar = { people, clock }
  const by = await bylineOf(registrar, ADA, 'r-1')
  expect(by).toEqual({
    actor: pseudonym(1),
    actorId: pseudonym(1),
    aliases: ['id-ada', 'ada@example.com'],
    asked: { request: 'r-1', signIn: 'cookie', app: 'ui' },
  })
  const looks = ['find word id-ada', 'find word ada@example.com', 'find account id-ada']
  expect(calls).toEqual([...looks, 'add account id-ada ada@example.com 1000'])
  calls.length = 0
  expect(await bylineOf(registrar, ADA, 'r-1')).toEqual(by)
  expect(calls).toEqual(looks)
  await bylineOf(registrar, { ...ADA, name: 'ada.b@example.com' }, 'r-2')
  expect(calls.at(-1)).toBe(`rename ${pseudonym(1)} ada.b@example.com`)
})

test('a machine keeps its name, its own id and the words that may mean it', async () => {
  const { people, clock } = register()
  const word = await people.add('word', 'deploy-bot', 'deploy-bot', 0)
  const { app: _, ...bot } = { ...ADA, id: 'id-bot', name: 'deploy-bot', kind: 'machine' as const }
  expect(await bylineOf({ people, clock }, bot, 'r')).toEqual({
    actor: 'deploy-bot',
    actorId: 'id-bot',
    aliases: [word.pseudonym],
    asked: { request: 'r', signIn: 'cookie', app: null },
  })
  expect(await knownAs({ people }, bot)).toEqual({ ...bot, aliases: [word.pseudonym] })
})

test('who was never seen is known by their id, and is not added by being looked at', async () => {
  const { people, all } = register()
  const aliases = ['id-ada', 'ada@example.com']
  expect(await knownAs({ people }, ADA)).toEqual({ ...ADA, id: 'id-ada', name: 'id-ada', aliases })
  expect(all).toEqual([])
  await people.add('account', 'id-ada', ADA.name, 0)
  const known = { ...ADA, id: pseudonym(1), name: pseudonym(1) }
  expect(await knownAs({ people }, ADA)).toEqual({ ...known, aliases })
  await people.add('word', ADA.name, ADA.name, 0)
  expect(await knownAs({ people }, ADA)).toEqual({ ...known, aliases: [...aliases, pseudonym(2)] })
})

test('a manifest is signed by a pseudonym, and names its approvers by theirs', async () => {
  const { people, clock, calls } = register()
  const approvals = { required: 1, from: ['Bo', pseudonym(9)], notAuthor: false, validForMs: null }
  const manifest = aManifest({ approvals })
  expect(await signed({ people, clock }, ADA, 'r-1', manifest)).toEqual({
    by: { actor: pseudonym(1), asked: { request: 'r-1', signIn: 'cookie', app: 'ui' } },
    manifest: { ...manifest, approvals: { ...approvals, from: [pseudonym(2), pseudonym(9)] } },
  })
  expect(calls.slice(-2)).toEqual(['find word Bo', 'add word Bo Bo 1000'])
})

test('only words are put back into a manifest, never the id of an account', async () => {
  const { people, clock } = register()
  const account = await people.add('account', 'id-ada', ADA.name, 0)
  const approvals = { required: 1, from: [account.pseudonym, 'Bo'], notAuthor: false, validForMs: null }
  const stored = await withoutWords({ people, clock }, aManifest({ approvals }))
  expect((await withWords({ people }, stored)).approvals?.from).toEqual([account.pseudonym, 'Bo'])
})

test('a push has its author by a pseudonym, or none', async () => {
  const { people, clock, calls } = register()
  const push = version(2)
  expect(await withoutAuthor({ people, clock }, push)).toBe(push)
  expect(calls).toEqual([])
  const named = { ...push, author: 'Dev' }
  expect(await withoutAuthor({ people, clock }, named)).toEqual({ ...push, author: pseudonym(1) })
  expect(await withoutAuthor({ people, clock }, named)).toEqual({ ...push, author: pseudonym(1) })
  expect(calls).toEqual(['find word Dev', 'add word Dev Dev 1000', 'find word Dev'])
})

test('a page of people tells where the next begins, and since when each is known', async () => {
  const person = { pseudonym: pseudonym(1), kind: 'word' as const, key: 'Ada', name: 'Ada', since: 86_400_000 }
  const asked: unknown[] = []
  const list: People['list'] = async (...all) => {
    asked.push(all)
    return { items: [person], next: 'more' }
  }
  const shown = { items: [{ ...person, since: '1970-01-02T00:00:00.000Z' }], next: 'more' }
  expect(await peoplePage({ list } as People, null, 5, 'here')).toEqual(shown)
  expect(await peoplePage({ list } as People, ` ${pseudonym(1).toUpperCase()} `, 5, null)).toEqual(shown)
  expect(await peoplePage({ list } as People, 'ad', 5, null)).toEqual({ items: [], next: 'more' })
  expect(asked).toEqual([
    [5, 'here'],
    [5, null],
    [5, null],
  ])
})

test('a name that was told is forgotten after half a minute, also while nobody can be looked up', async () => {
  const { people, clock } = register()
  const { pseudonym: who } = await people.add('word', 'Ada', 'Ada', 0)
  let isDown = false
  const named: People['named'] = async (all) => {
    if (isDown) throw new Fault('unavailable', 'the table is away')
    return people.named(all)
  }
  const naming = createNaming({ people: { ...people, named }, clock })
  expect([...(await naming(new Set([who])))]).toEqual([[who, 'Ada']])
  isDown = true
  clock.time += 29_999
  expect([...(await naming(new Set([who])))]).toEqual([[who, 'Ada']])
  clock.time += 1
  expect([...(await naming(new Set([who])))]).toEqual([])
})

test('names that are in memory are not asked for, and an error of ours is not taken for a refusal', async () => {
  const { people, clock, calls } = register()
  const naming = createNaming({ people, clock })
  await naming(new Set([pseudonym(1)]))
  await naming(new Set([pseudonym(1), pseudonym(2)]))
  await naming(new Set([pseudonym(2)]))
  await naming(new Set())
  expect(calls).toEqual([`named ${pseudonym(1)}`, `named ${pseudonym(2)}`])
  const named = async () => Promise.reject(new TypeError('undefined is not a function'))
  const broken = createNaming({ people: { ...people, named }, clock })
  await expect(broken(new Set([pseudonym(1)]))).rejects.toThrow(TypeError)
})

test('a memory that is full is emptied, and whoever is asked for then is looked up again', async () => {
  const asked: number[] = []
  const named: People['named'] = async (all) => {
    asked.push(all.length)
    return new Map(all.map((one) => [one, null]))
  }
  const naming = createNaming({ people: { named } as People, clock: { now: () => 1 } })
  const people = (from: number, count: number) => new Set(Array.from({ length: count }, (_, n) => pseudonym(from + n)))
  await naming(people(0, 9_998))
  expect((await naming(people(9_996, 2))).size).toBe(2)
  expect((await naming(people(9_998, 2))).size).toBe(2)
  expect(asked).toEqual([9_998, 2])
  expect((await naming(people(9_999, 2))).size).toBe(2)
  expect(asked).toEqual([9_998, 2, 2])
  expect((await naming(people(9_999, 2))).size).toBe(2)
  expect((await naming(people(0, 1))).size).toBe(1)
  expect(asked).toEqual([9_998, 2, 2, 1])
})
