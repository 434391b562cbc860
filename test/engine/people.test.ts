import { expect, test } from 'vitest'
import type { Caller } from '../../lib/core/caller.ts'
import { walkEnd, walkFrom, walkOn } from '../../lib/core/chain-walk.ts'
import { checkDigests } from '../../lib/core/digest-check.ts'
import type { Command } from '../../lib/core/facts.ts'
import { pseudonymsIn, withNames } from '../../lib/core/people.ts'
import { waitingGates } from '../../lib/engine/approvals.ts'
import { writeDigests } from '../../lib/engine/audit-digest.ts'
import { obeyCommand } from '../../lib/engine/command.ts'
import { erasePerson } from '../../lib/engine/erase.ts'
import { addFreeze } from '../../lib/engine/freeze.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import {
  bylineOf,
  createNaming,
  knownAs,
  peoplePage,
  withoutKnownWords,
  withoutWords,
  withWords,
} from '../../lib/engine/people.ts'
import { pushByHand } from '../../lib/engine/push.ts'
import { receive } from '../../lib/engine/receive.ts'
import { Fault } from '../../lib/errors.ts'
import { aManifest } from '../support/builders.ts'
import { aPen, sha256 } from '../support/digests.ts'
import { noPeople } from '../support/people.ts'
import { givenPricing, HOUR, PRICING, plan, version } from '../support/story.ts'

const PEN = aPen('pen')
const clock = { now: () => 1000 }

function person(name: string, more: Partial<Caller> = {}): Caller {
  const grants = [{ role: 'admin', environments: null, services: null }] as const
  return { id: `id-of-${name}`, name: `${name}@example.com`, kind: 'person', grants, method: 'token', ...more }
}

const [ADA, BO, CY] = [person('ada'), person('bo'), person('cy')]

/** A service that waits at a gate for two people out of three, who are not the author; all that is stored knows pseudonyms. */
async function given() {
  const people = await noPeople()
  const registrar = { people, clock }
  const stage = await givenPricing({ stages: plan([10, 1, true], [100, 0]) })
  const wheel = { ...stage.wheel, people }
  const serviceOf = async () => {
    const [item] = await wheel.store.load('production', ['pricing'])
    if (item === undefined) throw new Error('the service was expected')
    return item.service
  }
  const from = [ADA.name, BO.name.toUpperCase(), CY.id]
  const approvals = { required: 2, from, notAuthor: true, validForMs: null }
  const { manifest } = await serviceOf()
  await storeManifest(wheel, await withoutWords(registrar, { ...manifest, approvals }), 'file')
  const ask = async (who: Caller, verb: Command['verb'], more: Partial<Command> = {}) => {
    const by = await bylineOf(registrar, who, 'request-1')
    const { digest } = version(2)
    const wish = {
      id: crypto.randomUUID(),
      verb,
      ...by,
      reason: '',
      step: 1,
      digest,
      to: null,
      override: false,
      ...more,
    }
    return obeyCommand(wheel, PRICING, wish)
  }
  const push = async (who: Caller) => {
    const { actor, actorId, asked } = await bylineOf(registrar, who, 'request-0')
    const { tag, digest } = version(2)
    const [item] = await wheel.store.load('production', ['pricing'])
    if (item === undefined) throw new Error('the service was expected')
    await pushByHand(wheel, item, { id: 'push-2', tag, digest, author: actorId }, { actor, reason: '', asked })
    await stage.runUntil('the gate waits', () => stage.rollout(PRICING).phase.kind === 'paused', 4 * HOUR)
  }
  const stored = async () =>
    JSON.stringify([
      await serviceOf(),
      stage.rollout(PRICING),
      ...rowsOf(),
      await wheel.freezes.freezesOf('production'),
    ])
  const rowsOf = () => [...stage.store.auditOf(PRICING), ...stage.store.environmentAudit('production')]
  return { stage, wheel, people, registrar, ask, push, stored, rowsOf }
}

test('whoever pushes, approves, freezes and aborts stands in nothing that is stored, and nobody is mistaken', async () => {
  const { wheel, people, registrar, ask, push, stored } = await given()
  await push(ADA)
  expect(await ask(ADA, 'approve')).toMatchObject({
    kind: 'refused',
    because: expect.stringContaining('may not approve'),
  })
  expect(await ask(BO, 'approve')).toMatchObject({ kind: 'done', because: expect.stringContaining('1 of 2 approvals') })
  expect(await ask(BO, 'approve')).toMatchObject({ kind: 'done', because: expect.stringContaining('1 of 2 approvals') })
  expect(await ask(person('eve'), 'approve')).toMatchObject({ kind: 'refused' })
  const { actor, asked } = await bylineOf(registrar, CY, 'request-7')
  const freeze = {
    id: 'f1',
    environment: 'production',
    services: null,
    time: { kind: 'stop' },
    reason: 'stocktaking',
  } as const
  await addFreeze(wheel, freeze, { actor, asked })
  expect(await ask(CY, 'approve', { override: true, reason: 'the fire is out' })).toMatchObject({ kind: 'done' })
  expect(await ask(BO, 'abort')).toMatchObject({ kind: 'done' })
  const text = await stored()
  for (const { id, name } of [ADA, BO, CY]) {
    expect(text.toLowerCase()).not.toContain(id)
    expect(text.toLowerCase()).not.toContain(name)
  }
  const names = await createNaming(registrar)(pseudonymsIn(text))
  expect([...new Set(names.values())].sort()).toEqual(['BO@EXAMPLE.COM', ADA.name, BO.name, CY.id, CY.name].sort())
  expect((await people.list(100, null)).items).toHaveLength(7)
})

test('what still lacks is told by the words of the manifest, and who may open the gate is known before they ever acted', async () => {
  const { wheel, registrar, ask, push } = await given()
  await push(ADA)
  const mine = async (who: Caller) =>
    (await waitingGates(wheel, ['production'], await knownAs(registrar, who)))[0]?.mine
  expect(await mine(BO)).toEqual({ may: true, because: 'you may approve step 1' })
  expect(await mine(ADA)).toMatchObject({ may: false })
  expect(await mine(person('eve'))).toMatchObject({ may: false })
  expect(await mine(person('build', { kind: 'machine', name: CY.id }))).toMatchObject({ may: true })
  const answer = await ask(BO, 'approve')
  if (answer.kind !== 'done') throw new Error(answer.kind)
  const names = await createNaming(registrar)(pseudonymsIn(answer.because))
  expect(withNames(answer.because, names)).toBe(
    `1 of 2 approvals (by ${BO.name}); 1 more is needed, from ${ADA.name} or ${CY.id}, not from the author ${ADA.name}`,
  )
  expect(await mine(BO)).toEqual({ may: true, because: 'you have approved it; others are waited for' })
})

test('who approved under an id of before counts once', async () => {
  const { stage, ask, push, wheel } = await given()
  await push(ADA)
  const [item] = await wheel.store.load('production', ['pricing'])
  if (item?.rollout == null) throw new Error('a rollout was expected')
  const { digest } = version(2)
  const before = { id: BO.id, name: BO.name, step: 1, digest, at: 5, expiresAt: null }
  const rollout = { ...item.rollout, approvals: [before] }
  await wheel.store.commit({ key: PRICING, token: item.token, rollout, audit: [] })
  expect(await ask(BO, 'approve')).toMatchObject({ because: expect.stringContaining('1 of 2') })
  expect(stage.rollout(PRICING).approvals).toHaveLength(1)
})

test('rows say under which request and by which way in they were asked for, and only those', async () => {
  const { ask, push, rowsOf } = await given()
  await push(person('ada', { method: 'cookie', app: 'the-dashboard' }))
  await ask(BO, 'abort', { id: 'abort-1' })
  const told = rowsOf().filter(({ actor }) => actor.startsWith('person:'))
  expect(told.map(({ kind, detail }) => [kind, detail?.asked])).toEqual([
    ['rollout-started', { request: 'request-0', signIn: 'cookie', app: 'the-dashboard' }],
    ['rollback-started', { request: 'request-1', signIn: 'token', app: null, command: 'abort-1' }],
  ])
  const others = rowsOf().filter(({ actor }) => !actor.startsWith('person:'))
  for (const { detail } of others) expect(detail ?? {}).not.toHaveProperty('asked')
})

test('a command that was first sent under a name of before is known again', async () => {
  const { ask, push, wheel } = await given()
  await push(ADA)
  const { digest } = version(2)
  const wish = { id: 'pause-1', verb: 'pause', reason: '', step: 1, digest, to: null, override: false } as const
  expect(await obeyCommand(wheel, PRICING, { ...wish, actor: BO.name, actorId: BO.id })).toMatchObject({ kind: 'done' })
  expect(await ask(BO, 'pause', { id: 'pause-1' })).toMatchObject({ kind: 'repeated' })
  expect(await ask(CY, 'pause', { id: 'pause-1' })).toMatchObject({ kind: 'reused' })
})

test('the author that a registry names is a pseudonym in all that is stored', async () => {
  const { stage, wheel, stored, registrar } = await given()
  await receive(wheel, { kind: 'push', push: version(2, { author: 'Dev.Eloper' }), receivedAt: stage.clock.now() })
  const { author } = stage.rollout(PRICING).push
  expect(author).toMatch(/^person:/)
  expect(await stored()).not.toContain('Dev.Eloper')
  expect((await createNaming(registrar)(new Set([String(author)]))).get(String(author))).toBe('Dev.Eloper')
  expect((await knownAs(registrar, person('x', { name: 'dev.eloper' }))).aliases).toContain(author)
})

test('a manifest comes back as it was written, and is the same when it is stored again', async () => {
  const registrar = { people: await noPeople(), clock }
  const approvals = { required: 1, from: ['ada@example.com', 'Bo'], notAuthor: false, validForMs: null }
  const written = aManifest({ approvals })
  expect((await withoutKnownWords(registrar, written)).approvals?.from).toEqual(approvals.from)
  const stored = await withoutWords(registrar, written)
  expect(stored.approvals?.from?.every((word) => word.startsWith('person:'))).toBe(true)
  expect(await withWords(registrar, stored)).toEqual(written)
  expect(await withoutWords(registrar, await withWords(registrar, stored))).toEqual(stored)
  expect(await withoutKnownWords(registrar, written)).toEqual(stored)
  const [first = ''] = stored.approvals?.from ?? []
  await registrar.people.erase(first)
  expect((await withWords(registrar, stored)).approvals?.from).toEqual([first, 'Bo'])
  expect(await withoutWords(registrar, await withWords(registrar, stored))).toEqual(stored)
  for (const plain of [aManifest({ approvals: null }), aManifest({ approvals: { ...approvals, from: null } })]) {
    expect(await withoutWords(registrar, plain)).toBe(plain)
    expect(await withWords(registrar, plain)).toBe(plain)
    expect(await withoutKnownWords(registrar, plain)).toBe(plain)
  }
})

test('an erasure leaves the chain valid, and nothing says any more who it was', async () => {
  const { stage, wheel, people, registrar, ask, push } = await given()
  await push(BO)
  await ask(BO, 'abort')
  await stage.runUntil('it is over', () => stage.rollout(PRICING).phase.kind === 'finished', HOUR)
  const { actorId } = await bylineOf(registrar, BO, 'r')
  const { actor, asked } = await bylineOf(registrar, CY, 'request-9')
  const erase = (who: string) =>
    erasePerson(wheel, people, ['production', 'staging'], who, { by: { actor, asked }, reason: 'asked for' })
  const before = JSON.stringify(stage.store.auditOf(PRICING))
  const signer = { sign: async (text: string) => PEN.sign(text), publicKeys: async () => [] }
  await writeDigests(wheel, { digests: stage.store.digests, signer }, ['production'])
  expect(await erase(actorId)).toEqual({ kind: 'erased' })
  expect(await erase(actorId)).toEqual({ kind: 'unknown' })
  expect(await erase('nonsense')).toEqual({ kind: 'unknown' })
  expect(JSON.stringify(stage.store.auditOf(PRICING))).toBe(before)
  for (const [name, entityId] of [
    ['pricing', 'production/pricing'],
    [null, 'production'],
    [null, 'staging'],
  ] as const) {
    const [environment = ''] = entityId.split('/')
    const all = name === null ? stage.store.environmentAudit(environment) : stage.store.auditOf({ environment, name })
    const rows = all.toReversed()
    const head = rows[0] ?? { seq: 0, hash: '' }
    const { walk, broken } = walkOn(walkFrom(head), entityId, rows, sha256)
    expect(broken ?? walkEnd(walk, entityId), entityId).toBeNull()
  }
  const { items } = await stage.store.digests.page('production', 10, null)
  const chain = stage.store.auditOf(PRICING)
  const check = {
    digest: sha256,
    verifySignature: PEN.check,
    hashAt: (_: string, seq: number) => chain[seq - 1]?.hash ?? null,
  }
  expect(checkDigests('production', items, check)).toMatchObject({ digests: 1, broken: [], proven: { number: 1 } })
  const [row] = stage.store.environmentAudit('staging')
  expect(row).toMatchObject({
    kind: 'person-erased',
    metric: 'people',
    actor,
    notes: `${actor} had ${actorId} erased: nothing says any more who that was: asked for`,
    detail: { person: actorId, asked: { request: 'request-9', signIn: 'token', app: null } },
  })
  const names = await createNaming(registrar)(new Set([actorId, actor]))
  expect([...names]).toEqual([
    [actorId, null],
    [actor, CY.name],
  ])
  expect((await bylineOf(registrar, BO, 'r')).actor).not.toBe(actorId)
})

test('nobody is erased on whom a manifest, a push that waits or a rollout that runs counts', async () => {
  const { wheel, people, registrar, push, ask } = await given()
  const by = { actor: 'admin' }
  const erase = (who: string) => erasePerson(wheel, people, ['staging', 'production'], who, { by, reason: '' })
  const word = (await people.find('word', ADA.name))?.pseudonym ?? ''
  expect(await erase(word)).toEqual({
    kind: 'needed',
    because: 'the manifest of production/pricing names them as an approver: store it without them first',
  })
  await push(ADA)
  await ask(BO, 'approve')
  for (const who of [ADA, BO]) {
    const { actorId } = await bylineOf(registrar, who, 'r')
    expect(await erase(actorId)).toMatchObject({
      kind: 'needed',
      because: expect.stringMatching(/^pricing-\d+ in production runs and counts/),
    })
  }
  const [item] = await wheel.store.load('production', ['pricing'])
  if (item === undefined) throw new Error('the service was expected')
  const third = await bylineOf(registrar, CY, 'r')
  const { tag, digest } = version(3)
  await pushByHand(
    wheel,
    item,
    { id: 'push-3', tag, digest, author: third.actorId },
    { actor: third.actor, reason: '' },
  )
  expect(await erase(third.actorId)).toMatchObject({ kind: 'needed' })
})

test('nobody is erased while a service cannot be read: what it keeps may count on who they are', async () => {
  const { wheel, people, registrar } = await given()
  const { actorId } = await bylineOf(registrar, person('eve'), 'r')
  let held = new Set(['pricing'])
  const heldIn = async (environment: string) => (environment === 'production' ? held : new Set<string>())
  const said = { by: { actor: 'admin' }, reason: '', heldIn }
  expect(await erasePerson(wheel, people, ['staging', 'production'], actorId, said)).toEqual({
    kind: 'needed',
    because: 'production/pricing cannot be read, and may count on who they are: put right first what is in quarantine',
  })
  held = new Set()
  expect((await erasePerson(wheel, people, ['production'], actorId, said)).kind).toBe('erased')
})

test('a name of before is replaced, machines keep theirs, and a lookup that fails stores no name and hides none', async () => {
  const people = await noPeople()
  const registrar = { people, clock }
  const { actor } = await bylineOf(registrar, ADA, 'r')
  await bylineOf(registrar, { ...ADA, name: 'ada.new@example.com' }, 'r')
  expect((await people.named([actor])).get(actor)?.name).toBe('ada.new@example.com')
  const machine = person('ci', { kind: 'machine', name: 'deploy-bot' })
  expect(await bylineOf(registrar, machine, 'r')).toMatchObject({
    actor: 'deploy-bot',
    actorId: machine.id,
    aliases: [],
  })
  expect(await knownAs(registrar, machine)).toMatchObject({ id: machine.id, name: 'deploy-bot' })
  const down = async () => {
    throw new Fault('unavailable', 'storage is down')
  }
  const broken = { people: { ...people, find: down, named: down }, clock }
  await expect(bylineOf(broken, ADA, 'r')).rejects.toThrow('storage is down')
  expect([...(await createNaming(broken)(new Set([actor])))]).toEqual([])
})

test('names are told from memory for half a minute, and no longer', async () => {
  let now = 0
  const people = await noPeople()
  const naming = createNaming({ people, clock: { now: () => now } })
  const { pseudonym } = await people.add('account', 'x', 'ada', 0)
  const name = async () => (await naming(new Set([pseudonym]))).get(pseudonym)
  expect(await name()).toBe('ada')
  await people.erase(pseudonym)
  now = 29_999
  expect(await name()).toBe('ada')
  now = 30_000
  expect(await name()).toBeNull()
})

test('people are found by what they are called, whatever the case', async () => {
  const people = await noPeople()
  await people.add('account', 'OID-1', 'ada@example.com', 0)
  await people.add('word', 'Ada@Example.com', 'Ada@Example.com', 86_400_000)
  const found = async (called: string | null) =>
    (await peoplePage(people, called, 10, null)).items.map(({ kind }) => kind).sort()
  expect(await found(null)).toEqual(['account', 'word'])
  expect(await found(' ADA@example.com')).toEqual(['account', 'word'])
  expect(await found('oid-1')).toEqual(['account'])
  expect(await found('eve')).toEqual([])
  const { items } = await peoplePage(people, 'oid-1', 10, null)
  expect(items[0]?.since).toBe('1970-01-01T00:00:00.000Z')
})
