import { BEFORE_THE_FIRST, brokenChain, type Head } from './chain.ts'
import { judgePromotion, judgeStep } from './evidence.ts'
import type { Plan, Row, Weights } from './line.ts'
import { judgeRollback } from './rollback.ts'
import { beginning, type Rollout } from './rollout.ts'
import { type Overtaken, sameWeights, type Wish } from './wish.ts'
import { shares } from './words.ts'

/** What a row of the audit came to: whether it decides about traffic, on what, and what is wrong with it. */
export interface Entry {
  /** Null where the row decides nothing about traffic. */
  readonly decision: string | null
  readonly windows: number
  readonly wrongs: readonly string[]
}

/** All that the audit of one service has told, row by row. */
export interface Book {
  readonly entity: string
  /** Takes in a manifest that is in force from now on. */
  plan(plan: Plan): void
  /** Takes in a row, with when and in which transaction it was stored. */
  enter(row: Row, stored: Stored): Entry
  /** The wish that stands; null while there is none or while Slipway keeps its hands off. */
  readonly wish: Wish | null
  readonly overtaken: readonly Overtaken[]
  /** The newest rollout; null before the first. */
  readonly rollout: Rollout | null
}

/** When a row was stored, and in which transaction. */
export interface Stored {
  readonly at: number
  readonly commit: number
}

const NOTHING: Entry = { decision: null, windows: 0, wrongs: [] }

/** Reasons of a pause at which Slipway goes on to hold the weights of the step. */
const HOLDING_PAUSES = ['gate', 'operator', 'inconclusive']

/** An empty book. */
export function openBook(entity: string): Book {
  return new ServiceBook(entity)
}

class ServiceBook implements Book {
  readonly entity: string
  wish: Wish | null = null
  overtaken: readonly Overtaken[] = []
  rollout: Rollout | null = null
  #plan: Plan | null = null
  #head: Head = BEFORE_THE_FIRST
  /** Rows of the same moment, so far: what was decided together. */
  #beside: Row[] = []
  /** What a resume brings back. */
  #held: Wish | null = null

  constructor(entity: string) {
    this.entity = entity
  }

  plan(plan: Plan): void {
    this.#plan = plan
  }

  enter(row: Row, stored: Stored): Entry {
    const chain = brokenChain(row, this.#head)
    this.#head = row
    this.#beside = [...this.#beside.filter(({ happenedAt }) => happenedAt === row.happenedAt), row]
    const entry = this.#take(row, stored)
    return { ...entry, wrongs: [...chain, ...entry.wrongs] }
  }

  #take(row: Row, stored: Stored): Entry {
    if (row.kind === 'rollout-started') return this.#begin(row, stored)
    const { rollout } = this
    if (rollout === null || row.rollout !== rollout.id) return NOTHING
    switch (row.kind) {
      case 'stable-found':
        return this.#stable(row, row.weightsBefore, stored, rollout)
      case 'traffic-pinned':
        return this.#stable(row, row.weightsAfter, stored, rollout)
      case 'revision-ready':
        rollout.isReady = true
        return NOTHING
      case 'step-started':
        return this.#step(row, stored, rollout)
      case 'weights-confirmed':
        if (row.step === rollout.step?.step) rollout.confirmedAt = row.happenedAt
        return NOTHING
      case 'promoted-by-hand':
      case 'approved':
      case 'break-glass':
        rollout.words.push(row)
        rollout.frozen = null
        return NOTHING
      case 'freeze-held':
        rollout.frozen = row
        return NOTHING
      case 'freeze-over':
        rollout.frozen = null
        return NOTHING
      case 'foreign-edit':
        return rollout.end === 'none' ? this.#letGo(row, stored, rollout) : NOTHING
      case 'paused':
        return HOLDING_PAUSES.includes(row.metric) ? NOTHING : this.#letGo(row, stored, rollout)
      case 'resumed':
        return this.#resume(rollout)
      case 'rollback-started':
        return this.#leave(row, stored, rollout)
      case 'repair-requested':
        return this.#repair(row, stored, rollout)
      case 'late-write-corrected':
        return this.#correct(row, stored, rollout)
      case 'promotion-confirmed':
        return decided('promotion', judgePromotion(row, rollout))
      case 'finished':
        return this.#finish(row, rollout)
      default:
        return NOTHING
    }
  }

  #begin(row: Row, stored: Stored): Entry {
    if (this.#plan === null) return { ...NOTHING, wrongs: ['a rollout begins before any manifest was told of'] }
    const running = this.rollout !== null && this.rollout.end === 'none' && this.rollout.stable !== null
    const wrongs = running ? [`it begins while ${this.rollout?.id} has not ended`] : []
    this.#change(null, row, stored)
    this.rollout = beginning(row, this.#plan)
    return { ...NOTHING, wrongs }
  }

  /** Before any step all traffic stays where it is. */
  #stable(row: Row, weights: Weights | null, stored: Stored, rollout: Rollout): Entry {
    const [stable, ...others] = Object.keys(weights ?? {})
    if (weights === null || stable === undefined || others.length > 0 || weights[stable] !== 100)
      return { decision: row.kind, windows: 0, wrongs: ['it names no revision that has all traffic'] }
    const moves = row.weightsBefore !== null && !sameWeights(row.weightsBefore, weights)
    rollout.stable = stable
    this.#change({ weights, row, rollout, isWayOut: false }, row, stored)
    const wrongs = moves ? [`it moves traffic from ${shares(row.weightsBefore)} to ${shares(weights)}`] : []
    return { decision: row.kind, windows: 0, wrongs }
  }

  #step(row: Row, stored: Stored, rollout: Rollout): Entry {
    const canary = Object.keys(row.weightsAfter ?? {}).find((name) => name !== rollout.stable) ?? null
    const stranger = rollout.canary !== null && canary !== rollout.canary
    rollout.canary ??= canary
    const judged = judgeStep(row, rollout)
    const wrongs = [
      ...judged.wrongs,
      ...(stranger ? [`its canary is ${canary}, and was ${rollout.canary}`] : []),
      ...(rollout.end === 'none' ? [] : [`${rollout.id} was told to leave before`]),
    ]
    const isSteady = rollout.confirmedAt !== null && rollout.step?.value === row.value
    rollout.step = row
    rollout.confirmedAt = isSteady ? row.happenedAt : null
    rollout.words = []
    rollout.handsOff = null
    rollout.frozen = null
    if (row.weightsAfter !== null)
      this.#change({ weights: row.weightsAfter, row, rollout, isWayOut: false }, row, stored)
    return { decision: `step by ${judged.by}`, windows: judged.windows, wrongs }
  }

  #letGo(row: Row, stored: Stored, rollout: Rollout): Entry {
    if (rollout.handsOff !== null) return NOTHING
    rollout.handsOff = row
    const held = this.wish
    this.#change(null, row, stored)
    this.#held = held
    return NOTHING
  }

  #resume(rollout: Rollout): Entry {
    if (rollout.handsOff === null) return NOTHING
    rollout.handsOff = null
    rollout.confirmedAt = null
    this.wish = this.#held
    return { decision: 'resume', windows: 0, wrongs: [] }
  }

  #leave(row: Row, stored: Stored, rollout: Rollout): Entry {
    const { by, wrongs } = judgeRollback(row, this.#beside, rollout)
    rollout.end = 'leaving'
    rollout.handsOff = null
    rollout.frozen = null
    const { stable } = rollout
    const all = stable === null ? null : { [stable]: 100 }
    const stranger = all !== null && row.weightsAfter !== null && !sameWeights(row.weightsAfter, all)
    this.#change(all === null ? null : { weights: all, row, rollout, isWayOut: true }, row, stored)
    const odd = stranger ? [`it gives traffic to ${shares(row.weightsAfter)}, and stable is ${stable}`] : []
    return { decision: `rollback by ${by}`, windows: 0, wrongs: [...wrongs, ...odd] }
  }

  /** A template is written anew together with the weights that are wished for anyway. */
  #repair(row: Row, stored: Stored, rollout: Rollout): Entry {
    const weights = row.weightsAfter ?? {}
    if (this.wish === null && rollout.stable === null) return this.#stable(row, row.weightsAfter, stored, rollout)
    const { canary } = rollout
    const isOut = this.wish?.isWayOut === true && (canary === null || (weights[canary] ?? 0) === 0)
    const isWished = this.wish !== null && (isOut || sameWeights(this.wish.weights, weights))
    const wrongs = isWished ? [] : [`its repair wishes for ${shares(weights)}, and what stands is ${this.#standing()}`]
    return { decision: 'repair', windows: 0, wrongs }
  }

  #correct(row: Row, stored: Stored, rollout: Rollout): Entry {
    const weights = row.weightsAfter ?? {}
    const isWished = this.wish !== null && sameWeights(this.wish.weights, weights)
    const wrongs = isWished ? [] : [`it corrects to ${shares(weights)}, and what stands is ${this.#standing()}`]
    if (isWished) this.#change({ weights, row, rollout, isWayOut: false }, row, stored)
    return { decision: 'correction of a late write', windows: 0, wrongs }
  }

  #finish(row: Row, rollout: Rollout): Entry {
    const promoted = row.notes.startsWith('promoted:')
    const sound = this.#beside.some(
      ({ kind, actor }) => kind === 'promotion-confirmed' || (kind === 'promoted-by-hand' && actor !== 'slipway'),
    )
    rollout.end = 'finished'
    if (!promoted) return NOTHING
    const canary = rollout.canary ?? ''
    const wrongs = [
      ...(sound ? [] : ['no row beside it confirms the promotion, and no person asked for it']),
      ...(this.wish !== null && sameWeights(this.wish.weights, { [canary]: 100 })
        ? []
        : [`${canary || 'the canary'} was never wished all traffic`]),
    ]
    return { decision: null, windows: 0, wrongs }
  }

  #standing(): string {
    const { wish, rollout } = this
    if (rollout?.handsOff) return `hands off since ${rollout.handsOff.kind} #${rollout.handsOff.seq}`
    return wish === null ? 'no wish' : shares(wish.weights)
  }

  #change(wish: Wish | null, by: Row, { commit, at }: Stored): void {
    const gone = this.wish ?? this.#held
    // A wish for the same again overtakes nothing.
    if (gone !== null && (wish === null || !sameWeights(wish.weights, gone.weights)))
      this.overtaken = [...this.overtaken, { wish: gone, by, commit, at }]
    this.wish = wish
    this.#held = null
  }
}

function decided(what: string, judged: ReturnType<typeof judgePromotion>): Entry {
  return { decision: `${what} by ${judged.by}`, windows: judged.windows, wrongs: judged.wrongs }
}
