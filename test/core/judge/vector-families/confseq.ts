import {
  bestRho,
  bestRhoOneSided,
  betaBinomial,
  gammaExponential,
  gammaPoisson,
  type LogMixture,
  mixtureBound,
  oneSidedNormal,
  twoSidedNormal,
} from '../../../../bench/judge/reference/mixtures.ts'
import { quantileAbP } from '../../../../bench/judge/reference/quantile-ab.ts'
import { doubleStitching, empiricalProcessLil, polyStitching } from '../../../../bench/judge/reference/stitching.ts'
import { bernoulliCs } from '../../../../lib/core/stats/bernoulli-cs.ts'
import { type Check, type Family, near, rows, unreadable, wrong } from './tools.ts'

const ALPHA = 0.05
/** Time at which the mixtures of the tables are narrowest, also of those whose rows do not tell it. */
const V_OPT = 100
/** Scale of the gamma mixtures of the tables. */
const SCALE = 2
/** The table's value was found by a coarse search: at it the error is .0500015, at ours it is .05. */
const SEARCHED = 2e-6

/** What the tables say of a row that ends without its value; the beta-binomial ones for g = .2 and h = .8. */
const TABLE: Readonly<Record<string, number>> = {
  normal_two_log: -0.6510052,
  normal_two_bound: 30.35209,
  normal_one_log: -0.06502391,
  normal_one_bound: 27.66071,
  bb_two_log: -0.6941012,
  bb_two_bound: 31.4308,
  bb_one_log: -0.07134019,
  bb_one_bound: 28.41238,
  gamma_exp_log: -0.2490165,
  gamma_exp_bound: 33.02017,
  gamma_poisson_log: -0.06991219,
  gamma_poisson_bound: 30.1949,
}

type Parameters = readonly number[]

/** A mixture that is narrowest at `vOpt`, made with what its rows tell beside the two figures that all have. */
const MIXTURES: Readonly<Record<string, (vOpt: number, parameters: Parameters) => LogMixture>> = {
  normal_two: (vOpt) => twoSidedNormal(bestRho(vOpt, ALPHA)),
  normal_one: (vOpt) => oneSidedNormal(bestRhoOneSided(vOpt, ALPHA)),
  gamma_exp: (vOpt, [c = SCALE]) => gammaExponential(bestRhoOneSided(vOpt, ALPHA), c),
  gamma_poisson: (vOpt, [c = SCALE]) => gammaPoisson(bestRhoOneSided(vOpt, ALPHA), c),
  bb_two: (vOpt, limits) => betaBinomial(bestRho(vOpt, ALPHA), ...limitsOf(limits), 'two'),
  bb_one: (vOpt, limits) => betaBinomial(bestRhoOneSided(vOpt, ALPHA), ...limitsOf(limits), 'one'),
}

/** How many parameters the rows of a mixture may tell. */
const MOST_PARAMETERS: Readonly<Record<string, number>> = { bb_two: 2, bb_one: 2, gamma_exp: 1, gamma_poisson: 1 }

/** Rows that are not mixtures; they end with the value, or with both bounds. */
const OTHERS: Readonly<Record<string, (row: readonly number[]) => void>> = {
  best_rho_two: (row) => near(bestRho(first(row), row.length > 2 ? (row[1] ?? ALPHA) : ALPHA), last(row)),
  best_rho_one: (row) => near(bestRhoOneSided(first(row), row.length > 2 ? (row[1] ?? ALPHA) : ALPHA), last(row)),
  poly_stitch: (row) => {
    const [v, alpha, vMin, c, wanted] = sized(row, 5)
    near(polyStitching(v, alpha, vMin, c), wanted)
  },
  double_stitch: (row) => {
    const [p, t, alpha, tOpt, wanted] = sized(row, 5)
    near(doubleStitching(p, t, alpha, tOpt), wanted)
  },
  emp_lil: (row) => {
    const full = row.length === 3 ? [first(row), ALPHA, row[1] ?? 0, 0.85, last(row)] : row
    const [t, alpha, tMin, a, wanted] = sized(full, 5)
    near(empiricalProcessLil(t, alpha, tMin, a), wanted, 'bound', SEARCHED)
  },
  bernoulli_cs: bernoulliRow,
  quantile_ab_p: (row) => {
    const [q, shift, wanted] = sized(row, 3)
    const values = Array.from({ length: 1000 }, (_, i) => i + 1)
    const shifted = values.map((value) => value + shift)
    near(quantileAbP(q, 100, values, shifted), wanted, 'p')
  },
}

/** Checks of everything that is told about confidence sequences. */
const confseq: Family = (value) =>
  Object.entries(value as object).flatMap(([key, list]): Check[] => {
    const check = OTHERS[key] ?? (MIXTURES[key.replace(/_(log|bound)$/, '')] && ((row) => mixtureRow(key, row)))
    const told = check === undefined ? [] : rows(list)
    if (check === undefined || told.length === 0)
      return [unreadable(key, wrong(list, `rows of a bound that is known, not ${key},`))]
    return told.map((row) => ({ name: `${key} of ${row.join(', ')}`, run: () => check(row) }))
  })

/** Families about confidence sequences. */
export const CONFSEQ_FAMILIES: Readonly<Record<string, Family>> = {
  confseq,
  bernoulli_cs_slo: (value) =>
    rows(value).map((row) => ({ name: `of ${row.join(', ')}`, run: () => bernoulliRow(row) })),
}

/** A row `[s, v, …]` tells the logarithm of a mixture, a row `[v, v_opt, …]` its bound at the level .05. */
function mixtureRow(key: string, row: readonly number[]): void {
  const kind = key.replace(/_(log|bound)$/, '')
  const { parameters, value } = endOf(kind, row.slice(2))
  const isInTable = row[1] === V_OPT && row[0] === (key.endsWith('_log') ? 10 : 100) && isUsual(kind, parameters)
  const wanted = value ?? (isInTable ? TABLE[key] : undefined)
  const make = MIXTURES[kind]
  if (wanted === undefined || make === undefined) throw wrong(row, `a value at the end of a row of ${key}`)
  const [one, two] = [first(row), row[1] ?? Number.NaN]
  if (key.endsWith('_log')) near(make(V_OPT, parameters)(one, two), wanted)
  else near(mixtureBound(make(two, parameters), one, ALPHA, mostOf(kind, one, parameters)), wanted)
}

/** What follows the two figures that all rows have: parameters, and the value unless only parameters fit. */
function endOf(kind: string, rest: readonly number[]): { readonly parameters: Parameters; readonly value?: number } {
  const most = MOST_PARAMETERS[kind] ?? 0
  if (rest.length > most + 1) throw wrong(rest, `at most ${most} parameters and a value in a row of ${kind}`)
  const isLimits = kind.startsWith('bb') && rest.every((limit) => limit > 0 && limit < 1)
  if (rest.length === 0 || (isLimits && rest.length <= most)) return { parameters: rest }
  return { parameters: rest.slice(0, -1), value: last(rest) }
}

function isUsual(kind: string, parameters: Parameters): boolean {
  return kind.startsWith('bb') ? limitsOf(parameters)[0] === 0.2 : parameters.every((c) => c === SCALE)
}

/** Limits g and h of one step of a sum. Where only one is told they sum to 1, the smaller first as in the tables. */
function limitsOf([g, h]: Parameters): readonly [number, number] {
  if (g !== undefined && h !== undefined) return [g, h]
  const smaller = Number(Math.min(g ?? 0.2, 1 - (g ?? 0.2)).toPrecision(12))
  return [smaller, 1 - smaller]
}

/** No sum can be greater: at the intrinsic time v it has taken v/(gh) steps of at most h. */
function mostOf(kind: string, v: number, parameters: Parameters): number {
  return kind.startsWith('bb') ? v / limitsOf(parameters)[0] : Number.POSITIVE_INFINITY
}

function bernoulliRow(row: readonly number[]): void {
  const [successes, trials, alpha, best, low, high] = sized(row, 6)
  const told = bernoulliCs(successes, trials, alpha, best)
  near(told[0], low, 'lower bound')
  near(told[1], high, 'upper bound')
}

function sized(row: readonly number[], length: number): readonly [number, number, number, number, number, number] {
  if (row.length !== length) throw wrong(row, `${length} figures`)
  return row as unknown as readonly [number, number, number, number, number, number]
}

function first(row: readonly number[]): number {
  return row[0] ?? Number.NaN
}

function last(row: readonly number[]): number {
  return row.at(-1) ?? Number.NaN
}
