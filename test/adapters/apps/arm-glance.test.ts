import { afterEach, describe, expect, it } from 'vitest'
import { keptLists } from '../../../lib/adapters/apps/arm-glance.ts'
import { isAsKnown } from '../../../lib/core/glance.ts'
import {
  type ArmScript,
  closeArmStubs,
  isRevisionList,
  listing,
  NOW,
  startArmStub,
  target,
  wireApp,
} from './arm-stub.ts'

afterEach(closeArmStubs)

const names = ['web', 'api', 'cart']
const ago = (minutes: number) => ({ readAt: NOW - minutes * 60_000, isShown: false })

/** A stub whose clock stands still unless the test moves it. */
async function givenGlances(script: ArmScript = listing(names.map((name) => wireApp(name)))) {
  const clock = { at: NOW }
  const stub = await startArmStub(script, { quietReads: 1, clock: { now: () => clock.at } })
  return { ...stub, clock }
}

describe('a look that may be a glance', () => {
  it('reads the list, and the revisions of those whose turn it is', async () => {
    const { apps, calls } = await givenGlances()
    const looks = await apps.observe(
      names.map((name) => target(name)),
      undefined,
      [ago(1), ago(5), ago(4)],
    )
    expect(looks.map(({ kind }) => kind)).toEqual(['glanced', 'seen', 'seen'])
    expect(calls.toSorted()).toEqual(['list-apps', 'list-revisions', 'list-revisions'])
  })

  it('reads the revisions of those that must be looked at, whatever the turns', async () => {
    const { apps, calls } = await givenGlances()
    const quiet = names.map(() => ago(0))
    await apps.observe(
      names.map((name) => target(name)),
      undefined,
      quiet,
    )
    calls.length = 0
    const looks = await apps.observe(
      names.map((name) => target(name)),
      undefined,
      [ago(0), null, ago(0)],
    )
    expect(looks.map(({ kind }) => kind)).toEqual(['glanced', 'seen', 'glanced'])
    expect(calls).toEqual(['list-apps', 'list-revisions'])
  })

  it('shows what the list tells of an app, and nothing of its revisions', async () => {
    const { apps } = await givenGlances()
    const [close] = await apps.observe([target('web')])
    const looks = await apps.observe(
      names.map((name) => target(name)),
      undefined,
      names.map(() => ago(0)),
    )
    const [far] = looks
    if (close?.kind !== 'seen' || far?.kind !== 'glanced')
      throw new Error('the looks are not of the kinds they should be')
    const { revisions: _, ...app } = close.app
    expect(far.app).toEqual(app)
    expect(far.app).not.toHaveProperty('revisions')
    expect(isAsKnown({ footprint: null }, far.app)).toBe(false)
  })

  it('takes a list that is ten seconds old at most, from whichever look', async () => {
    const { apps, calls, clock } = await givenGlances()
    const glance = (name: string) => apps.observe([target(name)], undefined, [{ readAt: clock.at, isShown: false }])
    await apps.observe(
      names.map((name) => target(name)),
      undefined,
      names.map(() => ago(0)),
    )
    calls.length = 0
    clock.at += 10_000
    await Promise.all([glance('web'), glance('api')])
    expect(calls).toEqual([])
    clock.at += 1
    expect((await glance('web')).map(({ kind }) => kind)).toEqual(['glanced'])
    expect(calls).toEqual(['get-app'])
  })

  it('never takes a list that is kept for a look at the revisions', async () => {
    const { apps, calls } = await givenGlances()
    await apps.observe(
      names.map((name) => target(name)),
      undefined,
      names.map(() => ago(0)),
    )
    calls.length = 0
    await apps.observe(names.map((name) => target(name)))
    expect(calls.filter((kind) => kind === 'list-apps')).toHaveLength(1)
  })

  it('is unseen where the list fails, and asks again at once the next time', async () => {
    let isDown = true
    const list = listing(names.map((name) => wireApp(name)))
    const script: ArmScript = (request) =>
      isDown && !isRevisionList(request)
        ? { status: 503, body: { error: { code: 'Busy', message: 'later' } } }
        : list(request)
    const { apps } = await givenGlances(script)
    const look = () =>
      apps.observe(
        names.map((name) => target(name)),
        undefined,
        names.map(() => ago(0)),
      )
    expect((await look()).map(({ kind }) => kind)).toEqual(['unseen', 'unseen', 'unseen'])
    isDown = false
    expect((await look()).map(({ kind }) => kind)).toEqual(['glanced', 'glanced', 'glanced'])
  })

  it('says of an app that the list does not have that it is missing', async () => {
    const { apps } = await givenGlances()
    const looks = await apps.observe([target('web'), target('gone')], undefined, [ago(0), ago(0)])
    expect(looks.map((look) => (look.kind === 'unseen' ? look.fault.kind : look.kind))).toEqual([
      'glanced',
      'not-found',
    ])
  })

  it('reads one by one what may not be listed', async () => {
    const list = listing(names.map((name) => wireApp(name)))
    const script: ArmScript = (request) =>
      /containerApps\?/.test(request.path)
        ? { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } }
        : list(request)
    const { apps, calls } = await givenGlances(script)
    for (const listed of [1, 0]) {
      calls.length = 0
      const looks = await apps.observe([target('web'), target('api')], undefined, [ago(0), ago(0)])
      expect(looks.map(({ kind }) => kind)).toEqual(['glanced', 'glanced'])
      expect(calls.filter((kind) => kind === 'list-apps')).toHaveLength(listed)
      expect(calls.filter((kind) => kind === 'get-app')).toHaveLength(2)
    }
  })
})

it('lists are forgotten when they are too old, and by nobody but whoever failed', async () => {
  const clock = { at: NOW }
  const kept = keptLists<string>({ now: () => clock.at })
  const broken = Promise.reject(new Error('no list'))
  const first = kept.keep('a', broken)
  const second = kept.keep('a', Promise.resolve('a list'))
  await expect(first).rejects.toThrow('no list')
  expect(await kept.recent('a')).toBe('a list')
  expect(await second).toBe('a list')
  clock.at -= 10_001
  expect(kept.recent('a')).toBeUndefined()
  await kept.keep('b', Promise.resolve('another'))
  clock.at = NOW
  expect(kept.recent('a')).toBeUndefined()
  expect(kept.recent('b')).toBeUndefined()
})
