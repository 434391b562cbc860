// The only place where reference values meet the judge: what moves within lib/core/judge is mended here.
import { expect } from 'vitest'
import { absorb } from '../../../../lib/core/judge/absorb.ts'
import { advance, evidence, startProcess } from '../../../../lib/core/judge/e-process.ts'
import { llrAbsolute, llrRelative, logOdds } from '../../../../lib/core/judge/llr.ts'
import { ERROR_RATIOS, findingOf, SLOW_RATIOS, startSequence, type Test } from '../../../../lib/core/judge/sequence.ts'
import { type Check, type Entry, either, entries, type Family, figure, figures, nameOf, near, wrong } from './tools.ts'

const HIGHEST_RATE = 0.98
/** The evidence in the streams was counted in 32 bits. */
const SINGLE = 2e-6

const llrAbs: Family = (value) =>
  entries(value).map((entry, index) => {
    const [x, n, p0, p1] = (['x', 'n', 'p0', 'p1'] as const).map((key) => figure(entry, key)) as [
      number,
      number,
      number,
      number,
    ]
    const wanted = figure(entry, 'v')
    return { name: nameOf(entry, index), run: () => near(llrAbsolute(x, n, ...logOdds(p0, p1)), wanted) }
  })

const llrRel: Family = (value) =>
  entries(value).map((entry, index) => {
    const [x, n, y, m] = [figure(entry, 'xc'), figure(entry, 'nc'), figure(entry, 'xb'), figure(entry, 'nb')]
    const [tolerance, ratio, wanted] = [figure(entry, 'r0'), figure(entry, 'r'), figure(entry, 'v')]
    return { name: nameOf(entry, index), run: () => near(llrRelative(x, n, y, m, tolerance, ratio), wanted) }
  })

const eprocess: Family = (value) =>
  entries(value).map((entry, index) => {
    const [x, n, wanted] = [figures(entry.x), figures(entry.n), figures(entry.E)]
    const ratios = figures(entry.ratios)
    const [p0, phi, cap] = [figure(entry, 'p0'), figure(entry, 'phi', 1), figure(entry, 'cap', 6)]
    const prior = { first: figure(entry, 'first', 0.5), horizon: figure(entry, 'T') }
    if (x.length !== n.length || wanted.length === 0 || wanted.length > x.length)
      throw wrong(entry, 'as many x as n, and E for the first of them')
    const run = () => {
      let process = startProcess(ratios.length)
      wanted.forEach((expected, t) => {
        const llrs = ratios.map((r) =>
          llrAbsolute(x[t] ?? 0, n[t] ?? 0, ...logOdds(p0, Math.min(r * p0, HIGHEST_RATE))),
        )
        process = advance(process, prior, llrs, phi, cap)
        near(evidence(process, prior), expected, `E after bucket ${t + 1}`)
      })
    }
    return { name: nameOf(entry, index), run }
  })

/** Families of the judge's own figures. */
export const JUDGE_FAMILIES: Readonly<Record<string, Family>> = {
  llr_abs: llrAbs,
  llr_rel: llrRel,
  eprocess,
  eprocess_hand: eprocess,
}

type Of = 'errors' | 'slow'
/** Evidence at chosen minutes: which figure of which KPI a key means. */
const EVIDENCE: Readonly<Record<string, readonly [Of, 'absolute' | 'relative' | 'warm']>> = {
  eAbsErr_at: ['errors', 'absolute'],
  eAbsSlow_at: ['slow', 'absolute'],
  eRelErr_at: ['errors', 'relative'],
  eRelSlow_at: ['slow', 'relative'],
  eWarmErr_at: ['errors', 'warm'],
  eWarmSlow_at: ['slow', 'warm'],
}

/** Checks of one stream of minutes: when it is aborted, when it is held first, and the evidence at chosen minutes. */
export function streamChecks(stream: Entry): readonly Check[] {
  const wantedAbort = minuteOf(stream, 'abort_minute')
  const holdKey = 'first_hold_minute'
  const wantedHold = either(stream, holdKey) === undefined ? undefined : minuteOf(stream, holdKey)
  const points = Object.keys(stream).filter((key) => /^e[A-Z].*_at$/.test(key))
  for (const key of points)
    if (EVIDENCE[key] === undefined)
      throw wrong(stream, `no other evidence than ${Object.keys(EVIDENCE)}, but there is ${key}`)
  const told = replay(stream)
  const checks: Check[] = [
    { name: `aborted at ${wantedAbort ?? 'no minute'}`, run: () => expect(told.abort).toBe(wantedAbort) },
  ]
  if (wantedHold !== undefined)
    checks.push({
      name: `held first at ${wantedHold ?? 'no minute'}`,
      run: () => expect(told.hold).toBe(wantedHold),
    })
  for (const key of points) checks.push({ name: key, run: () => checkEvidence(stream, key, told.findings) })
  return checks
}

function checkEvidence(stream: Entry, key: string, findings: ReturnType<typeof replay>['findings']): void {
  const [kpi, which] = EVIDENCE[key] ?? (['errors', 'absolute'] as const)
  const pairs = stream[key]
  if (!Array.isArray(pairs) || pairs.length === 0) throw wrong(stream, `a list of [minute, evidence] in "${key}"`)
  for (const pair of pairs) {
    const [minute, wanted] = figures(pair)
    const finding = findings[minute ?? -1]?.[kpi]
    if (finding === undefined || wanted === undefined) throw wrong(pair, '[minute of the stream, evidence]')
    near(finding[which], wanted, `evidence at minute ${minute}`, SINGLE)
  }
}

/** Replays a stream minute by minute, as the judge would have read it. */
function replay(stream: Entry) {
  const [nc, nb, xc, xb, sc, sb] = ['nc', 'nb', 'xc', 'xb', 'sc', 'sb'].map((key) => figures(stream[key])) as [
    readonly number[],
    ...(readonly number[])[],
  ]
  const alpha = figure(stream, 'alpha')
  const shared = {
    warm: figure(stream, 'warm'),
    horizon: figure(stream, 'horizon', nc.length),
    alpha,
    alphaWarm: figure(stream, 'alphaWarm', alpha / 2),
    phi: figure(stream, 'phi', 1),
  }
  const tests: Record<Of, Test> = {
    errors: { ...shared, limit: 0.001, warmLimit: 0.02, ratios: ERROR_RATIOS },
    slow: { ...shared, limit: 0.05, warmLimit: 0.5, ratios: SLOW_RATIOS },
  }
  let [errors, slow] = [startSequence(tests.errors), startSequence(tests.slow)]
  const findings = nc.map((total, t) => {
    const sizes = { total, baselineTotal: at(nb, t, stream) }
    errors = absorb(tests.errors, errors, { ...sizes, bad: at(xc, t, stream), baselineBad: at(xb, t, stream) })
    slow = absorb(tests.slow, slow, { ...sizes, bad: at(sc, t, stream), baselineBad: at(sb, t, stream) })
    return { errors: findingOf(tests.errors, errors), slow: findingOf(tests.slow, slow) }
  })
  const first = (isIt: (kind: string) => boolean) => {
    const minute = findings.findIndex((both) => isIt(both.errors.kind) || isIt(both.slow.kind))
    return minute < 0 ? null : minute
  }
  return { findings, abort: first((kind) => kind === 'fail'), hold: first((kind) => kind !== 'quiet') }
}

function at(values: readonly number[] | undefined, t: number, stream: Entry): number {
  const value = values?.[t]
  if (value === undefined || Number.isNaN(value)) throw wrong(stream.name, `a figure for minute ${t} in every series`)
  return value
}

/** A minute, or null where none is meant, written as null or −1. */
function minuteOf(stream: Entry, key: string): number | null {
  if (stream[key] === null) return null
  const minute = figure(stream, key)
  return minute < 0 ? null : minute
}
