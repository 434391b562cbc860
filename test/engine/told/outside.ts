import { HOUR, MINUTE, version } from '../../support/story.ts'
import { canaryOf, finished, given, givenCanary, STABLE, TARGET } from './setting.ts'
import type { Telling } from './telling.ts'

/** What Azure, the registry and foreign hands bring about, by title. */
export const OUTSIDE: Readonly<Record<string, () => Promise<Telling>>> = {
  'weights changed by hand pause it, and resume takes over': async () => {
    const it = await givenCanary()
    await it.edit('30 % to the canary', (hand) =>
      hand.traffic([
        { revisionName: STABLE, weight: 70 },
        { revisionName: canaryOf(it), weight: 30 },
      ]),
    )
    await it.run(5 * MINUTE)
    await it.status()
    await it.edit('the latest has all, with a label', (hand) => {
      hand.traffic([{ latestRevision: true, weight: 100 }])
      hand.label('blue', STABLE)
      hand.sticky(true)
    })
    await it.run(5 * MINUTE)
    await it.command('resume')
    await it.run(5 * MINUTE)
    await it.command('resume')
    await it.run(5 * MINUTE)
    await it.edit('a revision of somebody else', (hand) => hand.deploy('registry.example.com/other:1', 'other'))
    await it.run(5 * MINUTE)
    await it.command('abort')
    await finished(it)
    await it.edit('switched off', (hand) => hand.deactivate(STABLE))
    await it.run(HOUR)
    return it
  },
  'a late write after the end is put right': async () => {
    const it = await given()
    await it.push(version(2))
    await finished(it)
    const canary = canaryOf(it)
    await it.edit('the weights of step 2', (hand) =>
      hand.traffic([
        { revisionName: STABLE, weight: 50 },
        { revisionName: canary, weight: 50 },
      ]),
    )
    await it.run(HOUR)
    return it
  },
  'an image that is not there, and one that cannot be pulled': async () => {
    const it = await given()
    it.stage.registry.remove(version(2).digest)
    await it.push(version(2))
    await it.run(2 * MINUTE)
    await it.status()
    await it.run(HOUR)
    it.stage.world.behave(version(3).digest, { never: 'pull-fails' })
    await it.push(version(3))
    await it.run(2 * MINUTE)
    await it.status()
    await finished(it)
    await it.run(HOUR)
    it.stage.world.behave(version(4).digest, { never: 'crash' })
    await it.push(version(4))
    await finished(it)
    await it.run(10 * MINUTE)
    return it
  },
  'Azure refuses, and is waited for': async () => {
    const it = await given()
    const { clock, world } = it.stage
    const busy = { status: 409, code: 'ContainerAppOperationInProgress', message: 'an operation runs' }
    world.inject({ on: 'patch', until: clock.now() + 4 * MINUTE, refusal: busy })
    await it.push(version(2))
    await it.run(MINUTE)
    await it.status()
    await it.run(9 * MINUTE)
    const throttled = { status: 429, code: 'TooManyRequests', message: 'too many', retryAfterMs: 30_000 }
    world.inject({ on: 'get', until: clock.now() + 12 * MINUTE, refusal: throttled })
    world.inject({ on: 'list', until: clock.now() + 12 * MINUTE, refusal: throttled })
    await it.run(11 * MINUTE)
    await it.status()
    await it.run(5 * MINUTE)
    const denied = { status: 403, code: 'AuthorizationFailed', message: 'the role is gone' }
    world.inject({ on: 'patch', until: clock.now() + 2 * HOUR, refusal: denied })
    await it.run(HOUR)
    await it.status()
    await it.command('abort')
    await it.run(2 * HOUR)
    return it
  },
  'an app is set to Single, and later gone': async () => {
    const it = await givenCanary()
    await it.edit('Single', (hand) => hand.mode('Single'))
    await it.run(5 * MINUTE)
    await it.status()
    await it.command('abort')
    await it.run(20 * MINUTE)
    it.stage.world.removeApp(TARGET)
    await it.push(version(3))
    await it.run(20 * MINUTE)
    await it.status()
    await it.run(HOUR)
    return it
  },
  'a revision never comes': async () => {
    const it = await given()
    it.stage.world.behave(version(2).digest, { never: 'stuck' })
    await it.push(version(2))
    await finished(it)
    return it
  },
  'a canary that sleeps is woken, and rolled back when it crashes': async () => {
    const it = await given()
    it.stage.world.behave(version(2).digest, { scaleToZero: true })
    await it.push(version(2))
    await it.run(5 * MINUTE)
    it.stage.world.behave(version(2).digest, { never: 'crash' })
    await finished(it)
    return it
  },
  'traffic that follows the latest revision is pinned': async () => {
    const it = await given()
    it.stage.world.edit(TARGET, (hand) => hand.traffic([{ latestRevision: true, weight: 100 }]))
    await it.push(version(2))
    await it.run(5 * MINUTE)
    await it.command('abort')
    await finished(it)
    return it
  },
  'an app that is not fit is refused': async () => {
    const it = await given()
    it.stage.world.edit(TARGET, (hand) => hand.sticky(true))
    await it.push(version(2))
    await it.run(MINUTE)
    await it.command('retry')
    it.stage.world.edit(TARGET, (hand) => {
      hand.sticky(false)
      hand.deploy('registry.example.com/other:1', 'other')
      hand.traffic([
        { revisionName: STABLE, weight: 60 },
        { revisionName: 'pricing--other', weight: 40 },
      ])
    })
    await it.push(version(3))
    await it.run(MINUTE)
    await it.status()
    return it
  },
  'the registry cannot say what it has': async () => {
    const it = await given()
    it.stage.registry.trouble = { kind: 'unavailable', message: 'the registry does not answer', retryAfterMs: null }
    await it.push(version(2))
    await it.run(5 * MINUTE)
    await it.status()
    await finished(it)
    return it
  },
}
