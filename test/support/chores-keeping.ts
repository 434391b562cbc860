import { expect } from 'vitest'
import { writeDigests } from '../../lib/engine/audit-digest.ts'
import { watch } from '../../lib/engine/audit-night.ts'
import { trim } from '../../lib/engine/audit-trim.ts'
import { noteOn } from '../../lib/engine/environment-row.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import { auditStage } from './audit-stage.ts'
import { aManifest, HOUR } from './builders.ts'
import { type ChoreRace, troubles } from './chores.ts'
import type { Plugs } from './wire-races.ts'

const DAY = 24 * HOUR
const ENVIRONMENT = 'production'

type Audit = Awaited<ReturnType<typeof auditStage>>
type Worker = ReturnType<Audit['on']>

/** Four times ten weeks of two services; the night before found nothing. */
async function givenAudit(): Promise<Audit> {
  const audit = await auditStage()
  await audit.live(4, 70 * DAY)
  expect(await audit.night()).toBe('intact')
  return audit
}

const trims = ({ wheel, man }: Worker) => trim(wheel, man, ENVIRONMENT, 90, HOUR)
const watches = ({ wheel, man }: Worker) => watch(wheel, man, ENVIRONMENT, HOUR)
const seals = ({ wheel, man }: Worker) => writeDigests(wheel, man, [ENVIRONMENT])
const writes = ({ wheel }: Worker) =>
  storeManifest(wheel, aManifest({ name: 'pricing', environment: ENVIRONMENT, drainMs: 77_000 }), 'bo')
const notes = ({ wheel }: Worker) =>
  noteOn(wheel, ENVIRONMENT, {
    kind: 'freeze-added',
    metric: 'freeze',
    value: null,
    notes: 'n',
    actor: 'ada',
    detail: null,
  })

const keeping = (
  name: string,
  works: readonly ((worker: Worker) => Promise<unknown>)[],
  pass: number = 0,
): ChoreRace => ({
  name,
  set: async () => {
    const audit = await givenAudit()
    audit.pass(pass)
    return {
      ring: audit.ring,
      works: works.map((work) => (plugs: Plugs) => work(audit.on(plugs))),
      settle: async (rung) => {
        expect(troubles(rung)).toEqual([])
        audit.pass(HOUR)
        await audit.digest()
        for (const chain of [null, 'pricing', 'basket']) expect(await audit.verify(chain)).toEqual(expect.any(Number))
        expect(await audit.night()).toBe('intact')
        const digests = (await audit.store.digests.page(ENVIRONMENT, 100, null)).items.map(({ number }) => number)
        expect(digests).toEqual(digests.map((_, index) => digests.length - index))
        expect((await audit.rows('h!')).length).toBeLessThanOrEqual(1)
        // A check that has begun keeps a trim from beginning.
        if (works.includes(trims) && !works.includes(watches)) expect(await audit.rows('h!')).toHaveLength(1)
        expect(['nothing', 'trimmed']).toContain(await audit.trim())
        expect(await audit.night()).toBe('intact')
      },
    }
  },
})

/** What keeps the audit, against itself and against what is written into it meanwhile. */
export const KEEPING: readonly ChoreRace[] = [
  keeping('two trims', [trims, trims]),
  keeping('three trims', [trims, trims, trims]),
  keeping('a trim and a check', [trims, watches], 21 * HOUR),
  keeping('a trim and a row of a service', [trims, writes]),
  keeping('a trim and a row of the environment', [trims, notes]),
  keeping('a trim, a digest and a row of a service', [trims, seals, writes], HOUR),
  keeping('two digests', [seals, seals], HOUR),
  keeping('two digests and a row of a service', [seals, seals, writes], HOUR),
  keeping('two checks', [watches, watches], 21 * HOUR),
  keeping('a check, a row of a service and one of the environment', [watches, writes, notes], 21 * HOUR),
]
