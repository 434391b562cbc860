import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { AuditRow } from '../../../lib/core/audit.ts'
import { checkWeights } from '../../../sim/checks/s01-weights.ts'
import { checkNoWayBack } from '../../../sim/checks/s05-no-way-back.ts'
import { checkOneRollout } from '../../../sim/checks/s09-one-rollout.ts'
import { checkAuditChain } from '../../../sim/checks/s13-audit-chain.ts'
import type { TraceBody } from '../../../sim/trial/trace.ts'

const createChecks = () => [checkWeights(), checkNoWayBack(), checkOneRollout(), checkAuditChain()]

function found(...bodies: readonly TraceBody[]): readonly string[] {
  const checks = createChecks()
  const seen = bodies.flatMap((body, n) =>
    checks.flatMap((check) => check.see({ seed: 1, n: n + 1, at: 60_000 * n, ...body })),
  )
  return [...seen, ...checks.flatMap((check) => check.end())].map(({ invariant, says }) => `${invariant} ${says}`)
}

const revisions = [
  { name: 'old', image: 'a', active: true, ready: true },
  { name: 'new', image: 'b', active: true, ready: true },
]

function write(weights: Record<string, number>, changes: object = {}): TraceBody {
  const asked = { weights, followsLatest: false, revision: null, image: null }
  return {
    kind: 'arm-write',
    worker: 3,
    app: 's/g/shop',
    deed: 'patch',
    asked,
    outcome: 'taken',
    applied: true,
    code: null,
    revisions,
    ...changes,
  }
}

function decision(rollout: string, changes: object = {}): TraceBody {
  const place = { canary: 'new', stable: 'old', phase: 'preparing', stage: null, canaryWeight: 0 } as const
  return {
    kind: 'decision',
    worker: 3,
    commit: 1,
    cause: 'push',
    entity: 'production/shop',
    rollout,
    outcome: null,
    wakeAt: null,
    ...place,
    ...changes,
  }
}

// The text is spelt out: what the checks make of it must not be made by the same hand.
function row(seq: number, previousHash: string): AuditRow {
  const text = `{"actor":"slipway","detail":{"a":1,"b":[2,null]},"entityId":"production/shop","evidence":[],"happenedAt":5,"id":"production/shop#${seq}","kind":"paused","metric":"none","notes":"n","rollout":null,"schema":1,"seq":${seq},"step":null,"value":null,"weightsAfter":null,"weightsBefore":null}`
  const hash = createHash('sha256')
    .update(previousHash + text)
    .digest('hex')
  return { ...JSON.parse(text), previousHash, hash }
}

const audit = (told: AuditRow): TraceBody => ({ kind: 'audit', row: told, commit: told.seq })
const first = row(1, '0'.repeat(64))

test('weights of 100 at ready revisions are in order', () => {
  expect(found(write({ old: 90, new: 10 }))).toEqual([])
})

test.each([
  ['a total of 101', write({ old: 90, new: 11 }), /total 101, not 100/],
  ['halves of percents', write({ old: 90.5, new: 9.5 }), /no whole percentage/],
  ['a revision that is not there', write({ old: 90, gone: 10 }), /gone is to have 10 % and does not exist/],
  [
    'one that is switched off',
    write({ new: 100 }, { revisions: [{ ...revisions[1], active: false }] }),
    /switched off/,
  ],
  ['one that is not ready', write({ new: 100 }, { revisions: [{ ...revisions[1], ready: false }] }), /not ready/],
])('a traffic write with %s breaks S1', (_, event, says) => {
  expect(found(event).join()).toMatch(says)
})

test('a rollback may shift to a revision that is still starting, and nothing else may', () => {
  const service = { kind: 'service', entity: 'production/shop', app: 's/g/shop' } as TraceBody
  const starting = write({ old: 100 }, { revisions: [{ ...revisions[0], ready: false }] })
  expect(found(service, decision('shop-1'), starting)).toHaveLength(1)
  expect(found(service, decision('shop-1'), decision('shop-1', { phase: 'rolling-back' }), starting)).toEqual([])
})

test('the next rollout begins once the one before is over, from nothing', () => {
  const over = decision('shop-1', { phase: 'finished', outcome: 'aborted' })
  expect(found(decision('shop-1'), over, decision('shop-2'))).toEqual([])
  expect(found(decision('shop-1'), decision('shop-2')).join()).toMatch(/^S9 shop-2 .* while shop-1 is not over$/)
  expect(found(decision('shop-1', { stage: 0, canaryWeight: 10 })).join()).toMatch(/^S9 shop-1 .* 10 %/)
})

test('a sound chain passes, and a flipped, dropped or doubled row is found', () => {
  const second = row(2, first.hash)
  expect(found(audit(first), audit(second))).toEqual([])
  expect(found(audit({ ...first, notes: 'm' })).join()).toMatch(/does not give its hash/)
  expect(found(audit(second)).join()).toMatch(/follows row 0 and is numbered 2/)
  expect(found(audit(first), audit(first)).join()).toMatch(/follows row 1 and is numbered 1/)
})

test('after an abort nobody raises the canary, save a worker that decided just before it', () => {
  const service = { kind: 'service', entity: 'production/shop', app: 's/g/shop' } as TraceBody
  const serving: TraceBody = { kind: 'traffic', app: 's/g/shop', weights: { old: 90, new: 10 }, revisions }
  const abort = decision('shop-1', { phase: 'rolling-back', worker: 4 })
  const story = (decidedAt: number, writtenAt: number, weight: number) => {
    const checks = createChecks()
    const events = [
      { at: 0, ...service },
      { at: 0, ...serving },
      { at: decidedAt, ...decision('shop-1') },
      { at: 100_000, ...abort },
      { at: writtenAt, ...write({ old: 100 - weight, new: weight }) },
    ]
    return events.flatMap((event, n) => checks.flatMap((check) => check.see({ seed: 1, n, ...event }))).length
  }
  expect(story(99_999, 129_999, 50)).toBe(0)
  expect(story(99_999, 130_000, 50)).toBe(1)
  expect(story(100_000, 100_001, 50)).toBe(1)
  expect(story(99_000, 200_000, 10)).toBe(0)
  expect(story(99_000, 200_000, 11)).toBe(1)
})
