import { HOUR, MINUTE, pricingManifest, version, weights } from '../../support/story.ts'
import {
  canaryOf,
  finished,
  given,
  givenCanary,
  givenWorse,
  manyKinds,
  phaseOf,
  QUICK,
  SLOW,
  unclear,
  WELL,
} from './setting.ts'
import type { Telling } from './telling.ts'

/** What figures bring about, by title. */
export const FIGURES: Readonly<Record<string, () => Promise<Telling>>> = {
  'a slow canary is rolled back, tried again, and aborted': async () => {
    const it = await given()
    it.stage.metrics.profile(version(2).digest, SLOW)
    await it.push(version(2))
    await it.until('it goes back', () => phaseOf(it) === 'rolling-back', HOUR)
    await it.status()
    await finished(it)
    await it.status()
    it.stage.metrics.profile(version(2).digest, WELL)
    await it.command('resume')
    await it.command('retry', { reason: 'the database was slow' })
    await it.status()
    await it.until('the canary has ten percent', () => weights(it.stage)[canaryOf(it)] === 10, HOUR)
    await it.command('retry')
    await it.command('abort', { reason: 'enough' })
    await it.status()
    await finished(it)
    await it.command('abort')
    await it.command('pause')
    await it.run(HOUR)
    return it
  },
  'no figures come, and come again': async () => {
    const it = await givenCanary()
    it.stage.metrics.ailment = 'outage'
    await it.run(40 * MINUTE)
    await it.status()
    it.stage.metrics.ailment = null
    await it.run(30 * MINUTE)
    await finished(it)
    return it
  },
  'nobody asks for the service': async () => {
    const it = await given({
      ...QUICK,
      analysis: { ...pricingManifest().analysis, onInconclusive: { afterMs: HOUR, then: 'abort' } },
    })
    for (const n of [1, 2]) it.stage.metrics.profile(version(n).digest, { rps: 0, p95Ms: 0, errorRate: 0 })
    await it.push(version(2))
    await it.run(30 * MINUTE)
    await it.status()
    await finished(it)
    return it
  },
  'a canary that is worse than stable is left where the manifest says so': async () => {
    const it = await givenWorse('ignore')
    await finished(it)
    return it
  },
  'a canary that is worse than stable is held, and let go by a person': async () => {
    const it = await givenWorse('hold')
    await it.run(HOUR)
    await it.status()
    await it.command('promote-full', { reason: 'known' })
    await finished(it)
    return it
  },
  'a canary that is worse than stable is aborted where the manifest says so': async () => {
    const it = await givenWorse('abort')
    await finished(it)
    return it
  },
  'unclear figures never promote where the manifest says so': async () => {
    const it = await given({ ...QUICK, analysis: unclear('promote-never') })
    for (const n of [1, 2]) it.stage.metrics.profile(version(n).digest, { rps: 0.02, p95Ms: 120, errorRate: 0 })
    await it.push(version(2))
    await it.run(2 * HOUR)
    await it.status()
    await it.command('promote')
    await it.command('promote', { override: true, reason: 'nobody uses it at night' })
    await it.run(10 * MINUTE)
    await it.status()
    return it
  },
  'unclear figures wait for a person': async () => {
    const it = await given({ ...QUICK, analysis: unclear('wait') })
    for (const n of [1, 2]) it.stage.metrics.profile(version(n).digest, { rps: 0.02, p95Ms: 120, errorRate: 0 })
    await it.push(version(2))
    await it.run(2 * HOUR)
    await it.status()
    await it.command('resume')
    await it.run(2 * HOUR)
    await it.command('abort')
    await finished(it)
    return it
  },
  'a source that stays blind aborts where the manifest says so': async () => {
    const { analysis } = pricingManifest()
    const it = await givenCanary({
      ...QUICK,
      analysis: { ...analysis, onBlind: { afterMs: 10 * MINUTE, then: 'abort' } },
    })
    it.stage.metrics.ailment = 'outage'
    await finished(it)
    return it
  },
  'gauges and ratios, one of them for information only': async () => {
    const it = await given({ ...QUICK, analysis: manyKinds() })
    it.stage.metrics.profile(version(2).digest, { ...WELL, figures: { cpu: 96, refunds: 0.3 } })
    await it.push(version(2))
    await it.run(6 * MINUTE)
    await it.status()
    await finished(it)
    return it
  },
}
