import { describe, expect, test } from 'vitest'
import {
  counts,
  type GateState,
  gateOf,
  gateText,
  hasApproved,
  isCalled,
  isEnough,
  notAnApprover,
  type Person,
  withApproval,
} from '../../lib/core/approval.ts'
import type { Approval, Rollout } from '../../lib/core/rollout.ts'
import type { Approvals } from '../../lib/core/service.ts'
import { aManifest, aPush, aRollout, digestOf, HOUR, paused, progressing, T0 } from '../support/builders.ts'

const DIGEST = digestOf('ab')
const rules = (changes: Partial<Approvals> = {}): Approvals => ({
  required: 2,
  from: null,
  notAuthor: false,
  validForMs: null,
  ...changes,
})
const approval = (name: string, changes: Partial<Approval> = {}): Approval => {
  return { id: `id-${name}`, name, step: 1, digest: DIGEST, at: T0, expiresAt: null, ...changes }
}
const person = (name: string, aliases?: readonly string[]): Person => ({
  id: `id-${name}`,
  name,
  ...(aliases && { aliases }),
})
const atGate = (changes: Partial<Rollout> = {}, approvals: Approvals | null = rules()): Rollout =>
  aRollout(paused('gate'), { manifest: aManifest({ approvals }), ...changes })
const gate = (rollout: Rollout): GateState => {
  const state = gateOf(rollout, T0)
  if (state === null) throw new Error('a gate was expected')
  return state
}

describe('a gate', () => {
  test('is none where the rollout waits at none', () => {
    expect(gateOf(aRollout(progressing(0)), T0)).toBeNull()
    expect(gateOf(aRollout(paused('operator')), T0)).toBeNull()
  })

  test('takes one approver where the manifest says nothing', () => {
    expect(gateOf(atGate({}, null), T0)).toEqual({
      step: 1,
      digest: DIGEST,
      rules: { required: 1, from: null, notAuthor: false, validForMs: null },
      needed: 1,
      given: [],
    })
  })

  test('counts approvals of its step and digest that have not lapsed, and no others', () => {
    const mine = approval('ada', { expiresAt: T0 + 1 })
    const others = [
      approval('bo', { step: 2 }),
      approval('cy', { digest: digestOf('cd') }),
      approval('di', { expiresAt: T0 }),
    ]
    expect(gate(atGate({ approvals: [...others, mine] })).given).toEqual([mine])
    expect([counts(mine, T0), counts(mine, T0 + 1), counts(approval('bo'), T0 + 99 * HOUR)]).toEqual([
      true,
      false,
      true,
    ])
  })

  test.each<[string, Partial<Approvals>, { source: string; author: string | null }, number]>([
    ['as many as are required', {}, { source: 'acr', author: null }, 2],
    [
      'as many as are required where an API call names the author',
      { notAuthor: true },
      { source: 'api', author: 'cy' },
      2,
    ],
    ['one more where nobody knows the author', { notAuthor: true }, { source: 'api', author: null }, 3],
    ['one more where a registry names the author', { notAuthor: true }, { source: 'acr', author: 'cy' }, 3],
  ])('takes %s', (_, changes, push, needed) => {
    expect(gate(atGate({ push: aPush(push) }, rules(changes))).needed).toBe(needed)
  })

  test('has enough with as many as it takes', () => {
    const two = atGate({ approvals: [approval('ada'), approval('bo')] })
    expect([isEnough(gate(two)), isEnough(gate(atGate({ approvals: [approval('ada')] })))]).toEqual([true, false])
    const [mine, strangers] = [hasApproved(gate(two), person('ada')), hasApproved(gate(two), person('cy'))]
    expect([mine, strangers]).toEqual([true, false])
  })
})

describe('who may approve', () => {
  const who = (changes: Partial<Approvals>, author: string | null, one: Person) =>
    notAnApprover(gate(atGate({}, rules(changes))), { push: aPush({ author, tag: 'v2' }) }, one)

  test.each<[string, Partial<Approvals>, string | null, Person, string | null]>([
    ['anybody where nothing is said', {}, 'cy', person('cy'), null],
    [
      'not the author where the manifest says so',
      { notAuthor: true },
      'CY ',
      person('cy'),
      'cy pushed v2 and may not approve it: its manifest asks for others than the author',
    ],
    [
      'not the author under another name',
      { notAuthor: true },
      'cyril',
      person('cy', ['Cyril']),
      'cy pushed v2 and may not approve it: its manifest asks for others than the author',
    ],
    ['somebody else', { notAuthor: true }, 'cy', person('ada'), null],
    ['who is named', { from: ['ada', 'bo'] }, null, person('bo'), null],
    ['who is named by id', { from: ['ID-BO'] }, null, person('bo'), null],
    ['nobody else', { from: ['ada', 'bo'] }, null, person('cy'), 'cy is not among those who may approve it: ada, bo'],
  ])('%s', (_, changes, author, one, because) => expect(who(changes, author, one)).toBe(because))

  test('a person is called by id, name and aliases, whatever the case and the spaces around', () => {
    const ada = person('Ada', [' the boss '])
    expect(['ada', ' ADA ', 'id-ada', 'The Boss'].map((text) => isCalled(ada, text))).toEqual([true, true, true, true])
    expect([isCalled(ada, 'bo'), isCalled(person('Ada'), 'the boss')]).toEqual([false, false])
  })
})

describe('an approval', () => {
  test('is bound to step and digest, and lapses when the manifest says so', () => {
    const rollout = atGate({}, rules({ validForMs: HOUR }))
    expect(withApproval(rollout, gate(rollout), person('ada'), T0 + 5)).toEqual([
      approval('ada', { at: T0 + 5, expiresAt: T0 + 5 + HOUR }),
    ])
  })

  test('given again takes the place of the one before, also under an earlier id; those of others and of other steps stay', () => {
    const before = [approval('ada', { step: 2 }), approval('bo'), approval('ada'), approval('x', { id: 'OLD' })]
    const rollout = atGate({ approvals: before })
    const after = withApproval(rollout, gate(rollout), person('ada', ['old']), T0 + 7)
    expect(after).toEqual([before[0], before[1], approval('ada', { at: T0 + 7 })])
  })

  test('remembers the word by which its giver was named, unless that is who they are', () => {
    const rollout = atGate({}, rules({ from: ['ada', 'the-boss'] }))
    expect(withApproval(rollout, gate(rollout), person('bea', ['the-boss']), T0).at(-1)).toEqual({
      ...approval('bea'),
      as: 'the-boss',
    })
    expect(withApproval(rollout, gate(rollout), person('ada'), T0).at(-1)).toEqual(approval('ada'))
  })
})

test.each<[string, Partial<Approvals>, Partial<Rollout>, string]>([
  ['nothing given', {}, {}, '0 of 2 approvals; 2 more are needed'],
  ['one given', {}, { approvals: [approval('ada')] }, '1 of 2 approvals (by ada); 1 more is needed'],
  ['enough given', {}, { approvals: [approval('ada'), approval('bo')] }, '2 of 2 approvals (by ada, bo)'],
  [
    'those who are named and have not approved',
    { from: ['ada', 'bo', 'boss', 'cy'] },
    {
      approvals: [approval('bo'), approval('x', { as: 'boss' })],
      manifest: aManifest({ approvals: rules({ required: 3, from: ['ada', 'bo', 'boss', 'cy'] }) }),
    },
    '2 of 3 approvals (by bo, x); 1 more is needed, from ada or cy',
  ],
  [
    'not the author',
    { notAuthor: true },
    { push: aPush({ author: 'cy', source: 'api' }) },
    '0 of 2 approvals; 2 more are needed, not from the author cy',
  ],
  [
    'an author whom nobody knows',
    { notAuthor: true },
    { push: aPush({ author: null }) },
    '0 of 3 approvals; 3 more are needed; the author is not known for sure, so one more than required is asked for',
  ],
])('a gate says what it has and what it needs: %s', (_, changes, more, text) => {
  const rollout = { ...atGate({}, rules(changes)), ...more }
  expect(gateText(gate(rollout), rollout)).toBe(text)
})
