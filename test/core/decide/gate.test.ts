import { describe, expect, test } from 'vitest'
import type { Command, Facts } from '../../../lib/core/facts.ts'
import type { Approval, Rollout } from '../../../lib/core/rollout.ts'
import type { Approvals, Stage } from '../../../lib/core/service.ts'
import {
  aCommand,
  aManifest,
  anAnalysis,
  aPush,
  appAt,
  aRollout,
  aVerdict,
  HOUR,
  MINUTE,
  paused,
  progressing,
  T0,
} from '../../support/builders.ts'
import { kinds, look, phaseOf } from './support.ts'

const TWO: Approvals = { required: 2, from: null, notAuthor: false, validForMs: null }
const GATED: readonly Stage[] = [
  { weight: 10, bakeMs: HOUR, gate: true },
  { weight: 50, bakeMs: HOUR, gate: true },
  { weight: 100, bakeMs: 0, gate: false },
]

const NOW = T0 + 2 * HOUR
const pass: Partial<Facts> = { now: NOW, verdict: aVerdict('pass') }
const freeze = { id: 'weekend', reason: 'no changes', by: 'kim', since: T0, until: T0 + 60 * HOUR }

/** A rollout that waits at the gate of step 1. */
function waiting(approvals: Approvals | null = TWO, overrides: Partial<Rollout> = {}): Rollout {
  return aRollout(paused('gate'), { manifest: aManifest({ stages: GATED, approvals }), ...overrides })
}

function yes(name: string, overrides: Partial<Command> = {}): Command {
  return aCommand('approve', { actor: name, actorId: `id-${name}`, step: 1, digest: aPush().digest, ...overrides })
}

function approval(name: string, overrides: Partial<Approval> = {}): Approval {
  return { id: `id-${name}`, name, step: 1, digest: aPush().digest, at: T0, expiresAt: null, ...overrides }
}

const at = (rollout: Rollout, command: Command | null, facts: Partial<Facts> = pass) =>
  look(rollout, appAt(10), facts, command)

test('a gate that was held opens by itself only on a pass, and by a person’s approval otherwise', () => {
  const full = waiting(TWO, { approvals: [approval('ada'), approval('bo')], frozen: freeze })
  const unclear = { ...pass, verdict: aVerdict('inconclusive') }
  const waits = at(full, null, unclear)
  expect([phaseOf(waits.next), kinds(waits)]).toEqual(['paused gate', ['freeze-over']])
  expect(phaseOf(at(waits.next, null).next)).toBe('progressing 1')
  expect(phaseOf(at(waits.next, yes('bo'), unclear).next)).toBe('progressing 1')
})

test('promote-full does not spend the approvals of several people, which are for the next step', () => {
  const stages = GATED.map((stage, index) => ({ ...stage, gate: index === 0 }))
  const manifest = aManifest({ stages, approvals: TWO })
  const full = waiting(TWO, { manifest, approvals: [approval('ada'), approval('cy')] })
  const refused = at(full, yes('bo', { verb: 'promote-full' }))
  expect(refused.answer).toMatchObject({
    kind: 'refused',
    because: expect.stringContaining('approve, then promote-full'),
  })
  const broken = at(full, yes('bo', { verb: 'promote-full', override: true, reason: 'it cannot wait' }))
  expect(phaseOf(broken.next)).toBe('progressing 2')
  const one = { ...full, manifest: { ...manifest, approvals: { ...TWO, required: 1 } } }
  expect(phaseOf(at(one, yes('bo', { verb: 'promote-full' })).next)).toBe('progressing 2')
})

describe('an approval', () => {
  test('that is not the last one is stored with its row, and the gate waits on', () => {
    const decision = at(waiting(), yes('ada'))
    expect(decision.answer).toEqual({ kind: 'done', because: '1 of 2 approvals (by ada); 1 more is needed' })
    expect(phaseOf(decision.next)).toBe('paused gate')
    expect(decision.next.approvals).toEqual([approval('ada', { at: NOW })])
    expect(decision.rows).toMatchObject([{ kind: 'approved', actor: 'ada', step: 1, value: 1 }])
  })

  test('that is the last one opens the gate in the same decision, and the row names all who agreed', () => {
    const decision = at(waiting(TWO, { approvals: [approval('ada')] }), yes('bo'))
    expect(decision.answer).toEqual({ kind: 'done', because: '2 of 2 approvals (by ada, bo); step 2 begins' })
    expect(phaseOf(decision.next)).toBe('progressing 1')
    expect(kinds(decision)).toEqual(['approved', 'step-started'])
    expect(decision.rows[1]?.notes).toBe('the gate of step 1 was opened by ada, bo; step 2 of 3 begins')
  })

  test('by the same person twice counts once', () => {
    const decision = at(waiting(TWO, { approvals: [approval('ada')] }), yes('ada'))
    expect(decision.answer).toMatchObject({ kind: 'done', because: '1 of 2 approvals (by ada); 1 more is needed' })
    expect(phaseOf(decision.next)).toBe('paused gate')
    expect(decision.rows).toEqual([])
  })

  test('by one person under two names counts once: ids count', () => {
    const before = waiting(TWO, { approvals: [approval('ada')] })
    const decision = at(before, yes('Ada L.', { actorId: 'ID-ADA' }))
    expect(phaseOf(decision.next)).toBe('paused gate')
  })

  test.each([
    ['another step', { step: 2 }, 'you named step 2'],
    ['another digest', { digest: `sha256:${'cd'.repeat(32)}` }, 'with digest sha256:cdcd'],
    ['no step', { step: null }, 'name both'],
    ['no digest', { digest: null }, 'name both'],
  ])('of %s is refused, and the words say what waits', (_, overrides, words) => {
    const { answer } = at(waiting(), yes('ada', overrides))
    expect(answer?.kind).toBe('refused')
    expect(answer?.because).toContain(`waits for approvals of step 1 with digest ${aPush().digest}`)
    expect(answer?.because).toContain(words)
  })

  test('is refused where no gate waits', () => {
    expect(at(aRollout(progressing(0)), yes('ada')).answer).toEqual({
      kind: 'refused',
      because: 'pricing-2 waits at no gate; it is in step 1',
    })
  })

  test('is refused where the rollout is about to be rolled back', () => {
    const { answer } = at(waiting(), yes('ada'), { now: NOW, verdict: aVerdict('fail') })
    expect(answer).toMatchObject({ kind: 'refused', because: 'pricing-2 is about to be rolled back: p95 is fail' })
  })

  test('without rules of the manifest opens the gate alone', () => {
    const decision = at(waiting(null), yes('ada'))
    expect(phaseOf(decision.next)).toBe('progressing 1')
  })

  test('of a gate after the last step promotes', () => {
    const stages: readonly Stage[] = [{ weight: 100, bakeMs: HOUR, gate: true }]
    const rollout = aRollout(paused('gate'), {
      manifest: aManifest({ stages, approvals: TWO }),
      approvals: [approval('ada')],
    })
    const decision = look(rollout, appAt(100), pass, yes('bo'))
    expect(phaseOf(decision.next)).toBe('finished promoted')
    expect(decision.rows.find(({ kind }) => kind === 'promotion-confirmed')?.notes).toContain('opened by ada, bo')
    expect(decision.answer?.because).toContain('the rollout is promoted')
  })

  test('of an earlier wait at the same gate counts no more', () => {
    const rollout = aRollout(progressing(0), {
      manifest: aManifest({ stages: GATED, approvals: TWO }),
      approvals: [approval('ada'), approval('bo'), approval('cy', { step: 9 })],
    })
    const decision = at(rollout, null)
    expect(phaseOf(decision.next)).toBe('paused gate')
    expect(decision.next.approvals).toEqual([approval('cy', { step: 9 })])
  })
})

describe('who may approve', () => {
  const named: Approvals = { ...TWO, from: ['ADA', 'id-bo', 'cy@example.com'] }

  test.each([
    ['by name, whatever the case', 'ada', 'done'],
    ['by id', 'bo', 'done'],
    ['not at all', 'mallory', 'refused'],
  ])('is told %s', (_, name, kind) => {
    expect(at(waiting(named), yes(name)).answer?.kind).toBe(kind)
  })

  test('the words of a refusal name those who may', () => {
    expect(at(waiting(named), yes('mallory')).answer?.because).toContain('ADA, id-bo, cy@example.com')
    expect(at(waiting(named), yes('ada')).answer?.because).toContain('1 more is needed, from id-bo or cy@example.com')
  })

  const others: Approvals = { ...TWO, notAuthor: true }
  const pushedBy = (author: string | null) => waiting(others, { push: aPush({ author, source: 'api' }) })

  test.each(['Ada', 'ID-ADA'])('the author %s is refused, by name or id', (author) => {
    const { answer } = at(pushedBy(author), yes('ada'))
    expect(answer).toMatchObject({ kind: 'refused' })
    expect(answer?.because).toContain('ada pushed v2 and may not approve it')
  })

  test('a registry’s word for the author is not sure: one more is needed, and whoever is called so is refused', () => {
    const told = waiting(others, { push: aPush({ author: ' Ada ', source: 'acr' }) })
    expect(at(told, yes('ada')).answer?.kind).toBe('refused')
    expect(at(told, yes('bo')).answer?.because).toContain('1 of 3 approvals')
  })

  test('the author is refused as a promoter too', () => {
    const { answer } = at(pushedBy('ada'), aCommand('promote'))
    expect(answer?.because).toContain('ada pushed v2 and may not approve it')
  })

  test('where nobody knows the author, one more approval is asked for, and the words say why', () => {
    const rollout = { ...pushedBy(null), approvals: [approval('ada')] }
    const decision = at(rollout, yes('bo'))
    expect(phaseOf(decision.next)).toBe('paused gate')
    expect(decision.answer?.because).toBe(
      '2 of 3 approvals (by ada, bo); 1 more is needed; the author is not known for sure, so one more than required is asked for',
    )
    expect(phaseOf(at(decision.next, yes('cy')).next)).toBe('progressing 1')
  })
})

describe('an approval that lapses', () => {
  const short: Approvals = { ...TWO, validForMs: HOUR }

  test('is stored with its end', () => {
    expect(at(waiting(short), yes('ada')).next.approvals).toEqual([approval('ada', { at: NOW, expiresAt: NOW + HOUR })])
  })

  test('counts until its end and not at it, and goes with a row', () => {
    const rollout = waiting(short, { approvals: [approval('ada', { expiresAt: NOW })] })
    const before = at(rollout, yes('bo'), { ...pass, now: NOW - 1 })
    expect(phaseOf(before.next)).toBe('progressing 1')
    const after = at(rollout, null)
    expect(after.next.approvals).toEqual([])
    expect(after.rows).toMatchObject([{ kind: 'approval-lapsed', actor: 'slipway' }])
    expect(after.rows[0]?.notes).toContain('the approval of ada for step 1 has lapsed: 0 of 2 approvals')
  })

  test('is renewed by the same person, and still counts once', () => {
    const rollout = waiting(short, { approvals: [approval('ada', { expiresAt: NOW + 1 })] })
    const decision = at(rollout, yes('ada'))
    expect(decision.next.approvals).toEqual([approval('ada', { at: NOW, expiresAt: NOW + HOUR })])
    expect(phaseOf(decision.next)).toBe('paused gate')
  })
})

describe('a gate with enough approvals', () => {
  const full = waiting(TWO, { approvals: [approval('ada'), approval('bo')] })

  test('opens by itself with the next look', () => {
    expect(phaseOf(at(full, null).next)).toBe('progressing 1')
  })

  test('stays shut while the app cannot be seen', () => {
    expect(phaseOf(look(full, null, pass).next)).toBe('paused gate')
  })

  test('is rolled back where the KPIs fail', () => {
    expect(phaseOf(at(full, null, { now: NOW, verdict: aVerdict('fail') }).next)).toBe('rolling-back rolled-back')
  })

  test('waits until the KPIs are clear where the manifest lets nobody promote what is not', () => {
    const analysis = anAnalysis({ onInconclusive: { afterMs: HOUR, then: 'promote-never' } })
    const manifest = aManifest({ stages: GATED, approvals: TWO, analysis })
    const unclear: Partial<Facts> = { now: NOW, verdict: aVerdict('inconclusive') }
    expect(phaseOf(at({ ...full, manifest }, null, unclear).next)).toBe('paused gate')
    const last = at(waiting(TWO, { manifest, approvals: [approval('ada')] }), yes('bo'), unclear)
    expect(last.answer?.because).toContain('2 of 2 approvals (by ada, bo); the gate opens once the KPIs pass')
    expect(phaseOf(at(last.next, null).next)).toBe('progressing 1')
  })

  test('is held by a freeze, with one row, and opens when it is over', () => {
    const asked = at(waiting(TWO, { approvals: [approval('ada')] }), yes('bo'), { ...pass, freeze })
    expect(asked.answer?.because).toContain('2 of 2 approvals (by ada, bo); held by freeze weekend')
    expect(kinds(asked)).toEqual(['approved', 'freeze-held'])
    const later = at(asked.next, null, { ...pass, freeze })
    expect([phaseOf(later.next), kinds(later)]).toEqual(['paused gate', []])
    const free = at(later.next, null)
    expect([phaseOf(free.next), kinds(free)]).toEqual(['progressing 1', ['freeze-over', 'step-started']])
  })
})

describe('a gate’s deadline', () => {
  const manifest = aManifest({ stages: GATED, approvals: TWO, deadlines: { ...aManifest().deadlines, gateMs: HOUR } })

  test('rolls back where nobody opened it in time', () => {
    expect(phaseOf(at(aRollout(paused('gate'), { manifest }), null).next)).toBe('rolling-back aborted')
  })

  test('does not run while a freeze holds', () => {
    const frozen = at(aRollout(paused('gate'), { manifest }), null, { ...pass, freeze })
    expect(phaseOf(frozen.next)).toBe('paused gate')
    expect(phaseOf(at(frozen.next, null, { ...pass, now: NOW + HOUR - MINUTE }).next)).toBe('paused gate')
    expect(phaseOf(at(frozen.next, null, { ...pass, now: NOW + HOUR }).next)).toBe('rolling-back aborted')
  })
})

describe('promote where the manifest asks for approvals', () => {
  const promote = (overrides: Partial<Command> = {}) => aCommand('promote', overrides)

  test('is the caller’s approval at a gate, and waits for others where it is not enough', () => {
    const decision = at(waiting(), promote())
    expect(decision.answer).toEqual({ kind: 'done', because: '1 of 2 approvals (by ada); 1 more is needed' })
    expect([phaseOf(decision.next), kinds(decision)]).toEqual(['paused gate', ['approved']])
  })

  test('opens the gate with the last approval', () => {
    const decision = at(waiting(TWO, { approvals: [approval('bo')] }), promote())
    expect(phaseOf(decision.next)).toBe('progressing 1')
    expect(kinds(decision)).toEqual(['approved', 'promoted-by-hand', 'step-started'])
  })

  test.each([
    ['promote past the bake before a gate', progressing(0), 'promote', 'promote cannot go past the gate of step 1'],
    ['promote-full past all gates', progressing(0), 'promote-full', 'the gates of step 1 and 2'],
    ['promote-full past later gates, from a gate', paused('gate'), 'promote-full', 'the gate of step 2'],
    ['promote from an unclear step with a gate', paused('inconclusive'), 'promote', 'the gate of step 1'],
  ] as const)('%s is refused', (_, phase, verb, words) => {
    const manifest = aManifest({ stages: GATED, approvals: TWO })
    const { answer } = at(aRollout(phase, { manifest }), aCommand(verb))
    expect(answer?.kind).toBe('refused')
    expect(answer?.because).toContain(words)
  })

  test('goes on as ever where no gate is ahead', () => {
    const manifest = aManifest({ stages: GATED.map((stage) => ({ ...stage, gate: false })), approvals: TWO })
    expect(phaseOf(at(aRollout(progressing(0), { manifest }), promote()).next)).toBe('progressing 1')
  })

  test('a resume opens no gate', () => {
    expect(at(waiting(), aCommand('resume')).answer?.kind).toBe('refused')
  })
})
