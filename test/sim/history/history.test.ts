import { describe, expect, it } from 'vitest'
import type { Summary } from '../../../sim/history/history.ts'
import { historyOf } from '../../../sim/history/read.ts'
import {
  APP,
  at,
  BAKE,
  BEGUN,
  CANARY,
  confirmed,
  PROMOTED,
  proof,
  row,
  STABLE,
  service,
  split,
  step,
  type Told,
  traceOf,
  write,
} from './made-up.ts'

const told = (lines: readonly Told[]): Summary => historyOf(traceOf(lines))
const says = (lines: readonly Told[]): readonly string[] => told(lines).findings.map((one) => one.says)

/** The lines with the one at `index` changed. */
function changed(lines: readonly Told[], index: number, change: (line: Told) => Told): readonly Told[] {
  return lines.map((line, place) => (place === index ? change(line) : line))
}

function rowChanged(
  lines: readonly Told[],
  kind: string,
  nth: number,
  change: Record<string, unknown>,
): readonly Told[] {
  const places = lines.flatMap((line, index) =>
    (line.row as { kind?: string } | undefined)?.kind === kind ? [index] : [],
  )
  return changed(lines, places[nth] ?? -1, (line) => ({ ...line, row: { ...(line.row as object), ...change } }))
}

const without = (lines: readonly Told[], drop: (line: Told) => boolean) => lines.filter((line) => !drop(line))
const isRow = (line: Told, kind: string, number: number | null = null) => {
  const found = line.row as { kind: string; step: number | null } | undefined
  return found?.kind === kind && (number === null || found.step === number)
}

const ROLLED_BACK: readonly Told[] = [
  ...BEGUN,
  row(20, 'rollback-started', { weightsAfter: split(0), actor: 'olga', notes: 'aborted by olga' }),
  write(20, split(0)),
  row(21, 'rollback-confirmed', { weightsAfter: split(0) }),
  row(21, 'finished', { notes: 'aborted: aborted by olga' }),
]

describe('a sound history', () => {
  it('has a licence for every change and evidence for every step', () => {
    expect(told(PROMOTED)).toEqual({
      seeds: 1,
      rows: 12,
      writes: 3,
      edits: 0,
      changes: { 'step-started': 3 },
      decisions: { 'promotion by plan': 1, 'stable-found': 1, 'step by evidence': 2, 'step by plan': 1 },
      windows: 2,
      findings: [],
    })
  })

  it('may end by a person', () => {
    const { findings, changes, decisions } = told(ROLLED_BACK)
    expect(findings).toEqual([])
    expect(changes).toEqual({ 'rollback-started': 1, 'step-started': 1 })
    expect(decisions['rollback by person']).toBe(1)
  })

  it('may skip steps by a person’s word', () => {
    const lines = [
      ...BEGUN,
      row(5, 'promoted-by-hand', { actor: 'olga', value: 3, step: 1 }),
      step(5, 3, 100, { actor: 'olga' }),
      write(5, split(100)),
    ]
    expect(told(lines).findings).toEqual([])
    expect(told(lines).decisions['step by person']).toBe(1)
  })

  it('opens a gate by an approval', () => {
    const gated = service([
      { weight: 10, bakeMs: BAKE, gate: true },
      { weight: 100, bakeMs: 0, gate: false },
    ])
    const lines = [
      gated,
      ...BEGUN.slice(1),
      row(70, 'approved', { actor: 'olga', step: 1 }),
      step(71, 2, 100),
      write(71, split(100)),
    ]
    expect(says(lines)).toEqual([])
    expect(says(without(lines, (line) => isRow(line, 'approved')))).toContain(
      'audit row production/pricing#7 (step-started of pricing-1): nobody opened the gate of step 1',
    )
  })

  it('lets a rollback keep what foreign hands arranged, and no more than that', () => {
    const out = row(20, 'rollback-started', {
      weightsAfter: split(0),
      notes: `${CANARY} is not healthy (gone) at 2 looks in a row`,
    })
    const edit = {
      kind: 'edit',
      at: at(19),
      app: APP,
      what: 'weights',
      before: split(10),
      after: { [STABLE]: 60, [CANARY]: 10, other: 30 },
    }
    expect(says([...BEGUN, edit, out, write(20, { [STABLE]: 70, other: 30 })])).toEqual([])
    expect(says([...BEGUN, edit, out, write(20, { [STABLE]: 60, other: 40 })])).toHaveLength(1)
  })

  it('counts an undo as one step with all traffic', () => {
    const lines = [
      ...BEGUN.slice(0, 1),
      row(0, 'rollout-started', { detail: { cause: 'undo' } }),
      ...BEGUN.slice(2, 5),
      step(2, 1, 100),
      write(2, split(100)),
    ]
    expect(says(lines)).toEqual([])
  })

  it('tells foreign hands apart', () => {
    const lines = [
      ...BEGUN,
      { kind: 'edit', at: at(9), app: APP, what: 'weights', before: split(10), after: split(99) },
      row(10, 'foreign-edit', { step: 1 }),
    ]
    expect(told(lines)).toMatchObject({ edits: 1, writes: 1, findings: [] })
  })

  it('takes a write that asks for what is there for no change', () => {
    expect(told([...BEGUN, write(9, split(10))]).changes).toEqual({ 'nothing changed': 1, 'step-started': 1 })
  })

  it('does not count what was refused, but counts what took effect all the same', () => {
    const refused = write(9, split(90), { outcome: 'refused', applied: false })
    expect(told([...BEGUN, refused])).toMatchObject({ writes: 1, findings: [] })
    expect(told([...BEGUN, { ...refused, applied: true }]).findings).toHaveLength(1)
  })

  it('corrects a late write to what stands', () => {
    const late = row(24, 'late-write-corrected', { weightsBefore: split(10), weightsAfter: split(0) })
    const slept = write(20.4, split(10), { worker: 1 })
    const lines = [...ROLLED_BACK.slice(0, -2), slept, ...ROLLED_BACK.slice(-2), late, write(24, split(0))]
    expect(told(lines)).toMatchObject({
      findings: [],
      changes: { 'late-write-corrected': 1, 'step-started, overtaken within 30 s': 1 },
    })
    expect(says(rowChanged(lines, 'late-write-corrected', 0, { weightsAfter: split(10) }))).toContain(
      `audit row production/pricing#10 (late-write-corrected of pricing-1): it corrects to ${STABLE} 90 %, ${CANARY} 10 %, and what stands is ${STABLE} 100 %`,
    )
  })

  it('repairs with the weights that are wished for', () => {
    const repair = row(9, 'repair-requested', { weightsAfter: split(10) })
    expect(says([...BEGUN, repair])).toEqual([])
    expect(says(rowChanged([...BEGUN, repair], 'repair-requested', 0, { weightsAfter: split(60) }))).toHaveLength(1)
  })
})

describe('the 30 seconds', () => {
  const decision = (minutes: number, worker: number) => ({
    kind: 'decision',
    at: at(minutes),
    worker,
    commit: minutes,
    entity: 'production/pricing',
  })
  const lines = (late: number, worker: number) => [
    ...BEGUN.slice(0, 6),
    decision(2, 1),
    ...ROLLED_BACK.slice(8, 9),
    decision(20, 0),
    write(20 + late, split(10), { worker }),
  ]

  it('excuse a worker whose own decision is older', () => {
    expect(told(lines(0.5, 1))).toMatchObject({ findings: [], changes: { 'step-started, overtaken within 30 s': 1 } })
  })

  it('excuse nobody later', () => {
    expect(says(lines(0.6, 1))).toEqual([
      `worker 1 gave ${STABLE} 90 %, ${CANARY} 10 % to ${APP}, from nothing: step-started #5 of pricing-1 at 2026-01-05T12:02:00.000Z wished it once, and rollback-started #6 of pricing-1 at 2026-01-05T12:20:00.000Z had overtaken that 36 s before`,
    ])
  })

  it('do not excuse the worker that stored the newer decision itself', () => {
    expect(says(lines(0.1, 0))).toHaveLength(1)
  })
})

describe('a history that was tampered with', () => {
  const STEP_2 = 'audit row production/pricing#7 (step-started of pricing-1): '
  const cases: readonly (readonly [string, readonly Told[], string])[] = [
    [
      'the row of a step is gone',
      without(PROMOTED, (line) => isRow(line, 'step-started', 2)),
      `worker 0 gave ${STABLE} 50 %, ${CANARY} 50 % to ${APP}, from ${STABLE} 90 %, ${CANARY} 10 %: no row of the audit ever wished it; what stands is ${STABLE} 90 %, ${CANARY} 10 % by step-started #5 of pricing-1 at 2026-01-05T12:02:00.000Z`,
    ],
    [
      'a window lies a minute earlier',
      rowChanged(PROMOTED, 'step-started', 1, { evidence: [proof(2, 62)] }),
      `${STEP_2}errors has a window from 2026-01-05T12:02:00.000Z, before the step’s first whole bucket at 2026-01-05T12:03:00.000Z`,
    ],
    [
      'a window lies a minute later',
      rowChanged(PROMOTED, 'step-started', 1, { evidence: [proof(4, 64)] }),
      `${STEP_2}errors has a window from 2026-01-05T12:04:00.000Z, which leaves out what came from 2026-01-05T12:03:00.000Z on`,
    ],
    [
      'a window ends when nobody could know it',
      rowChanged(PROMOTED, 'step-started', 1, { evidence: [proof(3, 64)] }),
      `${STEP_2}errors has a window to 2026-01-05T13:04:00.000Z, which its source could not know at 2026-01-05T13:06:00.000Z`,
    ],
    [
      'a step passes on figures of a quarter of an hour ago',
      rowChanged(PROMOTED, 'step-started', 1, { happenedAt: at(63 + 14) + 1 }),
      `${STEP_2}errors has a window to 2026-01-05T13:03:00.000Z, out of date at 2026-01-05T13:17:00.001Z`,
    ],
    [
      'a bake is cut short',
      rowChanged(PROMOTED, 'step-started', 1, { evidence: [proof(3, 62)] }),
      `${STEP_2}errors has a window of 59 min, and the plan bakes for 1 h`,
    ],
    [
      'a verdict was inconclusive',
      rowChanged(PROMOTED, 'step-started', 1, { evidence: [proof(3, 63, { verdict: 'inconclusive' })] }),
      `${STEP_2}errors was inconclusive, not pass`,
    ],
    [
      'the evidence is of another revision',
      rowChanged(PROMOTED, 'step-started', 1, { evidence: [proof(3, 63, { revision: STABLE })] }),
      `${STEP_2}errors was measured on ${STABLE}, not on ${CANARY}`,
    ],
    [
      'the evidence is gone',
      rowChanged(PROMOTED, 'step-started', 1, { evidence: [] }),
      `${STEP_2}there is no evidence of the required KPI errors`,
    ],
    [
      'the confirmation of the weight is gone',
      without(PROMOTED, (line) => isRow(line, 'weights-confirmed', 1)),
      'audit row production/pricing#6 (step-started of pricing-1): errors was measured in a step whose weight no row says was seen',
    ],
    [
      'a step is left out',
      without(PROMOTED, (line) => isRow(line, 'step-started', 2) || isRow(line, 'weights-confirmed', 2)),
      'audit row production/pricing#7 (step-started of pricing-1): step 3 does not follow step 1',
    ],
    [
      'a write was put in',
      [...PROMOTED.slice(0, 8), write(10, split(80)), ...PROMOTED.slice(8)],
      `worker 0 gave ${STABLE} 20 %, ${CANARY} 80 % to ${APP}, from ${STABLE} 90 %, ${CANARY} 10 %: no row of the audit ever wished it; what stands is ${STABLE} 90 %, ${CANARY} 10 % by step-started #5 of pricing-1 at 2026-01-05T12:02:00.000Z`,
    ],
    [
      'a weight is raised in the write',
      changed(PROMOTED, 6, (line) => ({ ...line, asked: { ...(line.asked as object), weights: split(11) } })),
      `worker 0 gave ${STABLE} 89 %, ${CANARY} 11 % to ${APP}, from nothing: no row of the audit ever wished it; what stands is ${STABLE} 90 %, ${CANARY} 10 % by step-started #5 of pricing-1 at 2026-01-05T12:02:00.000Z`,
    ],
    [
      'a weight is raised in the row and in the write',
      changed(rowChanged(PROMOTED, 'step-started', 0, { value: 11, weightsAfter: split(11) }), 6, (line) => ({
        ...line,
        asked: { ...(line.asked as object), weights: split(11) },
      })),
      'audit row production/pricing#5 (step-started of pricing-1): the plan gives step 1 10 %, not 11 %',
    ],
    [
      'a row says one weight and wishes another',
      rowChanged(PROMOTED, 'step-started', 0, { weightsAfter: split(11) }),
      'audit row production/pricing#5 (step-started of pricing-1): it speaks of 10 % and wishes for 11 %',
    ],
    [
      'a write follows an abort',
      [...ROLLED_BACK, write(25, split(10))],
      `worker 0 gave ${STABLE} 90 %, ${CANARY} 10 % to ${APP}, from ${STABLE} 100 %: step-started #5 of pricing-1 at 2026-01-05T12:02:00.000Z wished it once, and rollback-started #7 of pricing-1 at 2026-01-05T12:20:00.000Z had overtaken that 5 min before`,
    ],
    [
      'a step follows an abort',
      [...ROLLED_BACK, step(80, 2, 50, { evidence: [proof(3, 63)] })],
      'audit row production/pricing#10 (step-started of pricing-1): pricing-1 was told to leave before',
    ],
    [
      'a rollback has no reason',
      rowChanged(ROLLED_BACK, 'rollback-started', 0, { actor: 'slipway', notes: 'because' }),
      'audit row production/pricing#7 (rollback-started of pricing-1): no KPI failed, no person asked for it, and it names no deadline and no illness',
    ],
    [
      'a rollback rests on the failure of another revision',
      rowChanged(ROLLED_BACK, 'rollback-started', 0, {
        actor: 'slipway',
        evidence: [proof(3, 19, { verdict: 'fail', revision: STABLE })],
      }),
      `audit row production/pricing#7 (rollback-started of pricing-1): errors failed on ${STABLE}, which is not its canary`,
    ],
    [
      'a rollback for a newer push has no push',
      rowChanged(ROLLED_BACK, 'rollback-started', 0, {
        actor: 'slipway',
        notes: 'v3 supersedes pricing-1 (v2), which is rolled back first',
      }),
      'audit row production/pricing#7 (rollback-started of pricing-1): no row beside it tells of the push that it gives way to',
    ],
    [
      'a revision was never ready',
      without(PROMOTED, (line) => isRow(line, 'revision-ready')),
      'audit row production/pricing#4 (step-started of pricing-1): no row says that the revision was ready',
    ],
    [
      'a promotion is not confirmed',
      without(PROMOTED, (line) => isRow(line, 'promotion-confirmed')),
      'audit row production/pricing#11 (finished of pricing-1): no row beside it confirms the promotion, and no person asked for it',
    ],
    [
      'a write while Slipway keeps its hands off',
      [...BEGUN, row(9, 'foreign-edit', { step: 1 }), write(10, split(50))],
      `worker 0 gave ${STABLE} 50 %, ${CANARY} 50 % to ${APP}, from ${STABLE} 90 %, ${CANARY} 10 %: Slipway keeps its hands off since foreign-edit #7 of pricing-1 at 2026-01-05T12:09:00.000Z`,
    ],
    [
      'a rise while a freeze holds it',
      [...BEGUN.slice(0, 6), row(2, 'freeze-held', { step: 1 }), write(3, split(10))],
      `worker 0 gave ${STABLE} 90 %, ${CANARY} 10 % to ${APP}, from nothing: pricing-1 is held by freeze-held #6 of pricing-1 at 2026-01-05T12:02:00.000Z`,
    ],
    [
      'an entry follows the latest revision',
      changed(PROMOTED, 6, (line) => ({ ...line, asked: { ...(line.asked as object), followsLatest: true } })),
      `worker 0 gave ${STABLE} 90 %, ${CANARY} 10 % to ${APP} with an entry that follows the latest revision, which no decision ever wishes`,
    ],
    [
      'a pin moves traffic',
      [...BEGUN.slice(0, 2), row(1, 'traffic-pinned', { weightsBefore: { old: 100 }, weightsAfter: split(0) })],
      `audit row production/pricing#2 (traffic-pinned of pricing-1): it moves traffic from old 100 % to ${STABLE} 100 %`,
    ],
    [
      'a write to an app of no service',
      [...BEGUN, write(9, split(0), { app: 'sub/rides/other' })],
      `worker 0 gave ${STABLE} 100 % to sub/rides/other, an app of no service`,
    ],
  ]

  it.each(cases)('is found out: %s', (_, lines, sentence) => {
    expect(says(lines)).toContain(sentence)
  })

  it('after a resume the weights of the step are wished for again, and its bake begins anew', () => {
    const back = [
      ...BEGUN,
      row(9, 'foreign-edit', { step: 1 }),
      row(30, 'resumed', { step: 1, actor: 'olga' }),
      write(30, split(9)),
      confirmed(31, 1, 10),
    ]
    expect(says(back)).toHaveLength(1)
    const early = [
      ...BEGUN,
      row(9, 'foreign-edit', { step: 1 }),
      row(30, 'resumed', { step: 1 }),
      confirmed(31, 1, 10),
      step(66, 2, 50, { evidence: [proof(3, 63)] }),
    ]
    expect(says(early)).toEqual([
      'audit row production/pricing#10 (step-started of pricing-1): errors has a window from 2026-01-05T12:03:00.000Z, before the step’s first whole bucket at 2026-01-05T12:31:00.000Z',
    ])
  })

  it('names seed, time and line of the file', () => {
    const [found] = told([...ROLLED_BACK, write(25, split(10))]).findings
    expect(found).toMatchObject({ seed: 7, at: at(25), line: ROLLED_BACK.length + 1 })
  })
})

describe('a file that was cut or altered', () => {
  const findings = (lines: readonly string[]) => historyOf(lines).findings.map((one) => one.says)
  const sound = traceOf(PROMOTED)

  it('shows the gap where a row was taken out', () => {
    const cut = sound.filter((line) => !line.includes('"kind":"revision-ready"'))
    expect(findings(cut)).toEqual(
      expect.arrayContaining([
        'lines are missing or out of order: 4 is followed by 6',
        'audit row production/pricing#5 (step-started of pricing-1): rows are missing: #3 is followed by #5',
      ]),
    )
  })

  it('shows rows in another order', () => {
    const [a = '', b = '', c = '', ...rest] = sound
    expect(findings([a, c, b, ...rest])).toContain(
      'audit row production/pricing#1 (rollout-started of pricing-1): it is out of order: #2 is followed by #1',
    )
  })

  it('shows a row whose text was altered', () => {
    const altered = sound.map((line) => line.replace('promoted: it', 'promoted: oh it'))
    expect(findings(altered)).toEqual([
      'audit row production/pricing#12 (finished of pricing-1): its text was altered: it does not give the hash that it carries',
    ])
  })

  it('shows a row that was put in the place of another', () => {
    const other = traceOf(rowChanged(PROMOTED, 'revision-requested', 0, { notes: 'else' }))
    expect(findings([...sound.slice(0, 3), ...other.slice(3, 4), ...sound.slice(4)])).toEqual([
      'audit row production/pricing#4 (revision-ready of pricing-1): it names another row before it than the one that stands there',
    ])
  })

  it('shows an end that is missing, and lines after it', () => {
    expect(findings(sound.slice(0, -1))).toEqual(['the trace of this seed breaks off before its end'])
    expect(
      findings([...sound, (sound.at(-1) ?? '').replace(`"n":${sound.length}`, `"n":${sound.length + 1}`)]),
    ).toEqual(['a line stands after the end of its seed'])
  })

  it('keeps seeds apart, also where their lines are mixed', () => {
    const other = traceOf(ROLLED_BACK, 8)
    const mixed = sound.flatMap((line, index) => [line, ...other.slice(index, index + 1)])
    expect(historyOf(mixed)).toMatchObject({ seeds: 2, findings: [] })
  })
})
