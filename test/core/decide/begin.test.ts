import { describe, expect, test } from 'vitest'
import type { AppSeen } from '../../../lib/core/app.ts'
import type { Presence } from '../../../lib/core/facts.ts'
import { pinnedImage } from '../../../lib/core/service.ts'
import {
  ASLEEP,
  aFreshRollout,
  anApp,
  aPush,
  appAt,
  aRevision,
  aRollout,
  CANARY,
  entries,
  HOUR,
  MINUTE,
  PREPARING,
  PROVISIONING,
  SICK,
  STABLE,
  STARTING,
  T0,
} from '../../support/builders.ts'
import { asked, kinds, look, phaseOf } from './support.ts'

const present: Presence = { kind: 'present' }
const image = { image: present }
const LATE = { now: T0 + 10 * MINUTE }

describe('preparing', () => {
  test('a good look finds stable and asks for the revision, copied from stable and pinned by digest', () => {
    const decision = look(aFreshRollout(), anApp(), image)
    expect(phaseOf(decision.next)).toBe('provisioning')
    expect(decision.next.stable).toBe(STABLE)
    expect(kinds(decision)).toEqual(['stable-found', 'revision-requested'])
    expect(decision.actions).toEqual([
      { kind: 'create-revision', from: STABLE, suffix: 'r2-abababab', image: pinnedImage(aPush()) },
    ])
  })

  const refused: readonly [string, Partial<AppSeen>, string][] = [
    [
      'an app in Single mode is refused with the command that mends it',
      { mode: 'Single' },
      'az containerapp revision set-mode -n pricing -g rg-shop',
    ],
    ['an app in Labels mode is refused', { mode: 'Labels' }, 'Labels revision mode'],
    [
      'an app with sticky sessions is refused with the command that mends it',
      { stickySessions: true },
      'sticky-sessions set',
    ],
    [
      'traffic that is split already is refused',
      { traffic: entries({ [STABLE]: 50, other: 50 }) },
      'no revision has all traffic',
    ],
    ['an app without traffic is refused', { traffic: [] }, 'no revision has all traffic (no traffic)'],
    ['traffic to a revision that is gone is refused', { revisions: [] }, 'does not exist'],
  ]
  for (const [name, app, says] of refused) {
    test(name, () => {
      const decision = look(aFreshRollout(), anApp(app), image)
      expect(phaseOf(decision.next)).toBe('finished refused')
      expect(decision.rows.at(-1)?.notes).toContain(says)
      expect(decision.actions).toEqual([])
      expect(decision.next.wakeAt).toBeNull()
    })
  }

  test('a digest that already has all traffic ends as unchanged', () => {
    const app = anApp({ revisions: [aRevision(STABLE, { image: pinnedImage(aPush()) })] })
    expect(phaseOf(look(aFreshRollout(), app, image).next)).toBe('finished unchanged')
  })

  test('an image that is not in its registry ends the rollout before anything is written', () => {
    const decision = look(aFreshRollout(), anApp(), { image: { kind: 'absent' } })
    expect(phaseOf(decision.next)).toBe('finished failed')
    expect(decision.rows[0]?.notes).toContain('the registry has no manifest sha256:abab')
    expect(decision.actions).toEqual([])
  })

  const unknown: Presence = {
    kind: 'unknown',
    trouble: { kind: 'throttled', message: 'the registry says 429', retryAfterMs: null },
  }
  const waits: readonly [string, AppSeen | null, Presence | null, string][] = [
    ['an image that cannot be checked', anApp(), unknown, 'the registry says 429'],
    ['a registry that was not asked', anApp(), null, 'was not asked'],
    ['an app that cannot be seen', null, present, 'ARM does not answer'],
    ['an operation of somebody else', anApp({ provisioning: 'InProgress' }), present, 'stayed InProgress'],
  ]
  for (const [name, app, presence, says] of waits) {
    test(`${name} is waited for, and ends the rollout at the deadline`, () => {
      const early = look(aFreshRollout(), app, { image: presence })
      expect(phaseOf(early.next)).toBe('preparing')
      expect(early.actions).toEqual([])
      const late = look(aFreshRollout(), app, { ...LATE, image: presence })
      expect(phaseOf(late.next)).toBe('finished failed')
      expect(late.rows.at(-1)?.notes).toContain(says)
    })
  }

  test('traffic that follows the latest revision is pinned before any revision is made', () => {
    const app = anApp({ traffic: [{ revision: null, weight: 100, label: null }] })
    const decision = look(aFreshRollout(), app, image)
    expect(phaseOf(decision.next)).toBe('preparing')
    expect(kinds(decision)).toEqual(['traffic-pinned'])
    expect(decision.actions).toEqual([{ kind: 'set-traffic', traffic: entries({ [STABLE]: 100 }) }])
    expect(phaseOf(look(decision.next, anApp(), image).next)).toBe('provisioning')
  })

  test.each([
    ['sick', SICK, []],
    ['starting', STARTING, []],
    ['scaled to zero', ASLEEP, ['traffic-pinned']],
  ])('it is pinned to a latest revision that is %s only where that one can serve', (_, state, rows) => {
    const traffic = [{ revision: null, weight: 100, label: null }]
    const decision = look(aFreshRollout(), anApp({ traffic, revisions: [aRevision(STABLE, state)] }), image)
    expect([phaseOf(decision.next), kinds(decision)]).toEqual(['preparing', rows])
    const late = look(decision.next, anApp({ traffic, revisions: [aRevision(STABLE, state)] }), { ...LATE, ...image })
    expect(phaseOf(late.next)).toBe('finished failed')
  })

  test('traffic that cannot be pinned ends the rollout at the deadline', () => {
    const app = anApp({ traffic: [{ revision: null, weight: 100, label: null }] })
    const decision = look(aFreshRollout(), app, { ...image, ...LATE })
    expect(phaseOf(decision.next)).toBe('finished failed')
    expect(decision.rows.at(-1)?.notes).toContain('could not be pinned')
  })

  test('a failed template left by somebody else is repaired before any revision is made', () => {
    const decision = look(aFreshRollout(), anApp({ provisioning: 'Failed' }), image)
    expect(kinds(decision)).toEqual(['repair-requested'])
    expect(decision.actions).toEqual([
      { kind: 'repair', from: STABLE, suffix: 'r2-fix1', traffic: entries({ [STABLE]: 100 }) },
    ])
    expect(decision.next.leftovers).toEqual(['pricing--r2-fix1'])
    expect(decision.next.repairs).toBe(1)
  })

  test('a template that stays failed is repaired a few times only', () => {
    let rollout = aFreshRollout()
    const suffixes: string[] = []
    for (let turn = 0; turn < 20; turn++) {
      const decision = look(rollout, anApp({ provisioning: 'Failed' }), { ...image, now: T0 + turn * 1000 })
      for (const action of decision.actions) if (action.kind === 'repair') suffixes.push(action.suffix)
      rollout = decision.next
    }
    expect(suffixes).toEqual(['r2-fix1', 'r2-fix2', 'r2-fix3', 'r2-fix4', 'r2-fix5'])
  })

  test('a revision that was to be switched off and serves all traffic again is no leftover any more', () => {
    const decision = look(aFreshRollout({ leftovers: [STABLE, 'pricing--old'] }), anApp(), image)
    expect(decision.next.leftovers).toEqual(['pricing--old'])
  })

  test('a foreign edit while the rollout prepares pauses it', () => {
    const decision = look(
      aRollout(PREPARING),
      anApp({ revisions: [aRevision(STABLE), aRevision('pricing--x')] }),
      image,
    )
    expect(phaseOf(decision.next)).toBe('paused foreign-edit')
    expect(decision.actions).toEqual([])
  })
})

describe('provisioning', () => {
  const ready = appAt(0)

  test('a canary that is ready takes the weight of step 1', () => {
    const decision = look(aRollout(PROVISIONING), ready)
    expect(phaseOf(decision.next)).toBe('progressing 0')
    expect(kinds(decision)).toEqual(['revision-ready', 'step-started'])
    expect(asked(decision.actions)).toEqual({ [STABLE]: 90, [CANARY]: 10 })
    expect(decision.next.expected).toEqual([0, 10])
  })

  test('replicas are counted in words', () => {
    const app = appAt(0, { revisions: [aRevision(STABLE), aRevision(CANARY, { replicas: 3 })] })
    expect(look(aRollout(PROVISIONING), app).rows[0]?.notes).toContain('with 3 replicas')
  })

  const unready: readonly [string, Partial<Parameters<typeof aRevision>[1] & object>][] = [
    ['starting', STARTING],
    ['degraded', SICK],
    ['healthy without a replica', { replicas: 0 }],
    ['provisioned with unknown health', { health: 'None' }],
    ['in a running state we do not know', { running: 'Unknown' }],
  ]
  for (const [name, state] of unready) {
    test(`a canary that is ${name} gets no weight, and is rolled back at the deadline`, () => {
      const app = appAt(0, { revisions: [aRevision(STABLE), aRevision(CANARY, state)] })
      const early = look(aRollout(PROVISIONING), app)
      expect(phaseOf(early.next)).toBe('provisioning')
      expect(asked(early.actions)).toBeNull()
      expect(phaseOf(look(aRollout(PROVISIONING), app, LATE).next)).toBe('rolling-back failed')
    })
  }

  test('a canary that is ready waits until the operation that made it has ended', () => {
    const decision = look(aRollout(PROVISIONING), appAt(0, { provisioning: 'InProgress' }))
    expect(phaseOf(decision.next)).toBe('provisioning')
    expect(decision.actions).toEqual([])
  })

  test('a canary that sleeps is woken', () => {
    const app = appAt(0, { revisions: [aRevision(STABLE), aRevision(CANARY, ASLEEP)] })
    expect(look(aRollout(PROVISIONING), app).actions).toEqual([
      { kind: 'wake', revision: CANARY, fqdn: `${CANARY}.example.azurecontainerapps.io` },
    ])
    const running = { ...app, provisioning: 'InProgress' }
    expect(look(aRollout(PROVISIONING), running).actions).toHaveLength(1)
  })

  test('a canary that sleeps without an address cannot be woken', () => {
    const app = appAt(0, { revisions: [aRevision(STABLE), aRevision(CANARY, { ...ASLEEP, fqdn: null })] })
    expect(look(aRollout(PROVISIONING), app).actions).toEqual([])
  })

  test('a canary that is switched off is switched on', () => {
    const off = aRevision(CANARY, { active: false })
    expect(look(aRollout(PROVISIONING), appAt(0, { revisions: [aRevision(STABLE), off] })).actions).toEqual([
      { kind: 'activate', revision: CANARY },
    ])
  })

  test('a revision that did not come is asked for again', () => {
    expect(look(aRollout(PROVISIONING), anApp()).actions.map((action) => action.kind)).toEqual(['create-revision'])
  })

  test('traffic that was made to follow the latest revision is pinned before the canary is made', () => {
    const app = anApp({ traffic: [{ revision: null, weight: 100, label: null }] })
    const edited = look(aRollout(PROVISIONING), app)
    expect([kinds(edited), phaseOf(edited.next), edited.actions]).toEqual([['foreign-edit'], 'paused foreign-edit', []])
    const decision = look({ ...aRollout(PROVISIONING), footprint: edited.next.footprint }, app)
    expect(kinds(decision)).toContain('traffic-pinned')
    expect(decision.actions.map((action) => action.kind)).toEqual(['set-traffic'])
  })

  const failures: readonly [string, AppSeen, string][] = [
    ['an operation that failed without a revision', anApp({ provisioning: 'Failed' }), 'its last operation failed'],
    [
      'a canary that could not be provisioned',
      appAt(0, {
        revisions: [aRevision(STABLE), aRevision(CANARY, { provisioning: 'Failed', error: 'MANIFEST_UNKNOWN' })],
      }),
      'MANIFEST_UNKNOWN',
    ],
    [
      'a canary that failed to run',
      appAt(0, { revisions: [aRevision(STABLE), aRevision(CANARY, { running: 'Failed' })] }),
      'Provisioned, Failed',
    ],
    [
      'a revision of that name with another image',
      appAt(0, { revisions: [aRevision(STABLE), aRevision(CANARY, { image: 'x@sha256:1' })] }),
      'another image (x@sha256:1)',
    ],
  ]
  for (const [name, app, says] of failures) {
    test(`${name} ends the rollout at once`, () => {
      const decision = look(aRollout(PROVISIONING), app)
      expect(phaseOf(decision.next)).toBe('rolling-back failed')
      expect(decision.rows.find((row) => row.kind === 'rollback-started')?.notes).toContain(says)
    })
  }

  test('a revision that never came is named at the deadline', () => {
    const decision = look(aRollout(PROVISIONING), anApp(), LATE)
    expect(decision.rows[0]?.notes).toBe(`${CANARY} was not ready within 10m (it does not exist)`)
  })

  test('an app that cannot be seen is waited for until the deadline', () => {
    expect(phaseOf(look(aRollout(PROVISIONING), null).next)).toBe('provisioning')
    expect(phaseOf(look(aRollout(PROVISIONING), null, LATE).next)).toBe('rolling-back failed')
  })

  test('a failed create leaves its template behind: it is repaired from stable with traffic as it is', () => {
    const decision = look(aRollout(PROVISIONING), anApp({ provisioning: 'Failed' }))
    expect(decision.actions).toEqual([
      { kind: 'repair', from: STABLE, suffix: 'r2-fix1', traffic: entries({ [STABLE]: 100 }) },
    ])
  })

  test('a clock that went back does not shorten the wait for the revision', () => {
    expect(phaseOf(look(aRollout(PROVISIONING), anApp(), { now: T0 - HOUR }).next)).toBe('provisioning')
  })
})
