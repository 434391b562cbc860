import { HOUR, MINUTE, pricingManifest, version, weights } from '../../support/story.ts'
import {
  approve,
  canaryOf,
  finished,
  freeze,
  GATED,
  given,
  givenCanary,
  givenRelease,
  lift,
  paused,
  QUICK,
} from './setting.ts'
import type { Telling } from './telling.ts'

/** What people and pushes bring about, by title. */
export const PEOPLE: Readonly<Record<string, () => Promise<Telling>>> = {
  'a push is promoted': async () => {
    const it = await given()
    await it.status()
    await it.push(version(2))
    await it.status()
    await it.run(5_000)
    await it.status()
    await it.run(3 * MINUTE)
    await it.status()
    await it.until('step 2', () => weights(it.stage)[canaryOf(it)] === 50, HOUR)
    await it.status()
    await finished(it)
    await it.status()
    await it.run(2 * HOUR)
    await it.status()
    return it
  },
  'a person pauses, resumes and promotes': async () => {
    const it = await givenCanary()
    await it.command('resume')
    await it.command('pause', { reason: 'wait for Bo' })
    await it.command('pause')
    await it.status()
    await it.run(HOUR)
    await it.command('resume', { reason: 'Bo is here' })
    await it.run(2 * MINUTE)
    await it.status()
    await it.command('promote', { reason: 'good enough' })
    await it.run(2 * MINUTE)
    await it.command('promote-full')
    await finished(it)
    await it.command('promote')
    await it.command('promote-full')
    await it.command('undo', { to: 'v9' })
    return it
  },
  'a gate with approvals waits, lapses and opens': async () => {
    const approvals = { required: 2, from: ['ada', 'bo', 'cy'], notAuthor: true, validForMs: HOUR }
    const it = await given({ ...GATED, approvals })
    await it.push(version(2, { author: 'cy', source: 'api' }))
    await it.run(3 * MINUTE)
    await approve(it, 'ada')
    await paused(it)
    await it.status()
    await approve(it, 'ada')
    await approve(it, 'ada')
    await approve(it, 'mallory')
    await approve(it, 'cy')
    await it.command('approve', { actor: 'bo', actorId: 'id-bo', step: 2 })
    await it.command('approve', { actor: 'bo', actorId: 'id-bo', digest: version(3).digest })
    await it.run(2 * HOUR)
    await it.status()
    await approve(it, 'ada')
    await it.command('promote', { actor: 'mallory', actorId: 'id-mallory' })
    await it.command('promote', { actor: 'bo', actorId: 'id-bo' })
    await finished(it)
    await approve(it, 'ada')
    return it
  },
  'a gate that nobody opens ends the rollout': async () => {
    const it = await given({ ...GATED, deadlines: { ...pricingManifest().deadlines, gateMs: HOUR } })
    await it.push(version(2))
    await paused(it)
    await it.status()
    await finished(it)
    return it
  },
  'a gate without approvals is promoted past; another takes the glass': async () => {
    const it = await given({ ...GATED, approvals: { required: 1, from: null, notAuthor: false, validForMs: null } })
    await it.push(version(2))
    await paused(it)
    await freeze(it, 'stop', { kind: 'stop' }, 'the database is down')
    await approve(it, 'ada')
    await it.status()
    await it.command('promote', { reason: 'cannot wait' })
    await it.command('promote', { override: true, reason: 'the fix for the outage cannot wait' })
    await it.run(10 * MINUTE)
    await it.status()
    await it.command('promote-full', { override: true, reason: 'the fix for the outage cannot wait' })
    await finished(it)
    return it
  },
  'a stop of the line holds a canary and a new push': async () => {
    const it = await givenCanary()
    await freeze(it, 'stop', { kind: 'stop' }, 'the database is down')
    await it.run(HOUR)
    await it.status()
    await it.command('promote')
    await it.command('retry')
    await lift(it, 'stop')
    await it.run(2 * MINUTE)
    await freeze(
      it,
      'night',
      { kind: 'once', from: it.stage.clock.now(), until: it.stage.clock.now() + 2 * HOUR },
      'night',
    )
    await it.push(version(3))
    await it.run(10 * MINUTE)
    await it.status()
    await it.run(2 * HOUR)
    await finished(it)
    return it
  },
  'newer pushes supersede, wait or are turned down': async () => {
    const it = await givenCanary()
    await it.push(version(2))
    await it.push(version(2, { eventId: 'again' }))
    await it.push(version(3))
    await it.status()
    await it.push(version(4))
    await it.run(10 * MINUTE)
    await it.push(version(3, { eventId: 'late' }))
    await it.push(version(5, { tag: 'latest' }))
    await it.push(version(6, { repository: 'unknown' }))
    await it.status()
    await it.act('the manifest says queue', () =>
      it.stage.declare(pricingManifest({ ...QUICK, onNewRevision: 'queue' })),
    )
    await it.push(version(7))
    await it.push(version(8))
    await it.status()
    await finished(it)
    await it.run(HOUR)
    return it
  },
  'a push is rejected while another runs': async () => {
    const it = await givenCanary({ ...QUICK, onNewRevision: 'reject' })
    await it.push(version(3))
    await finished(it)
    await it.push(version(2, { eventId: 'again', pushedAt: it.stage.clock.now() }))
    await it.run(HOUR)
    await it.push(version(3, { eventId: 'once-more' }))
    return it
  },
  'an undo goes back, and further back': async () => {
    const it = await givenRelease()
    await it.push(version(3, { pushedAt: it.stage.clock.now() }))
    await finished(it)
    await it.command('undo', { reason: 'it is bad' })
    await it.status()
    await finished(it)
    await it.command('undo')
    await finished(it)
    await it.command('undo')
    await it.command('undo', { to: 'v3' })
    await it.command('undo', { to: 'v3' })
    await finished(it)
    await it.push(version(4, { pushedAt: it.stage.clock.now() }))
    await it.run(5 * MINUTE)
    await it.command('undo')
    await it.command('undo', { to: 'v2' })
    await it.status()
    await it.run(20 * MINUTE)
    return it
  },
  'an abort before anything was made': async () => {
    const it = await given()
    await freeze(it, 'stop', { kind: 'stop' }, 'the database is down')
    await it.push(version(2))
    await it.run(MINUTE)
    await it.status()
    await it.command('pause')
    await it.status()
    await it.command('promote')
    await it.command('resume')
    await it.command('abort', { reason: 'wrong image' })
    await it.run(10 * MINUTE)
    return it
  },
}
