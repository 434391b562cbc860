import { type Book, openBook } from './book.ts'
import { BEFORE_THE_FIRST, brokenChain, type Head } from './chain.ts'
import type { Line, Row, Weights } from './line.ts'
import { grants, type Overtaken, sameWeights } from './wish.ts'
import { moment, shares, span } from './words.ts'

/** How long after a newer decision a write of an older one may still come: nothing can call it back. */
export const LATE_MS = 30_000

/** Something that no row licenses, or a decision without its evidence, as a sentence. */
export interface Finding {
  readonly seed: number
  readonly at: number
  /** Line of the file, from 1. */
  readonly line: number
  readonly says: string
}

/** What a history came to. The counts are by what licensed a change, and by what was decided on which ground. */
export interface Summary {
  readonly seeds: number
  readonly rows: number
  readonly writes: number
  readonly edits: number
  readonly changes: Readonly<Record<string, number>>
  readonly decisions: Readonly<Record<string, number>>
  readonly windows: number
  readonly findings: readonly Finding[]
}

/** What is known of one seed while its lines come. */
interface Seed {
  n: number
  hasEnded: boolean
  readonly books: Map<string, Book>
  readonly entities: Map<string, string>
  readonly chains: Map<string, Head>
  readonly serving: Map<string, Weights>
  /** Transaction of the newest decision that each worker stored, by worker and service. */
  readonly stored: Map<string, number>
  newest: Line
}

/** Follows traces line by line and tells, at the end, which changes nobody licensed. */
export class History {
  readonly #open = new Map<number, Seed>()
  readonly #changes = new Map<string, number>()
  readonly #decisions = new Map<string, number>()
  readonly #findings: Finding[] = []
  #seeds = 0
  #rows = 0
  #writes = 0
  #edits = 0
  #windows = 0

  /** Takes in the next line of the file. */
  see(line: Line): void {
    const seed = this.#seedOf(line)
    if (line.n !== seed.n + 1) this.#find(line, `lines are missing or out of order: ${seed.n} is followed by ${line.n}`)
    seed.n = line.n
    seed.newest = line
    if (seed.hasEnded) this.#find(line, 'a line stands after the end of its seed')
    switch (line.kind) {
      case 'service':
        seed.entities.set(line.app, line.entity)
        bookOf(seed, line.entity).plan(line.plan)
        break
      case 'audit':
        this.#enter(seed, line)
        break
      case 'decision':
        seed.stored.set(`${line.worker} ${line.entity}`, line.commit)
        break
      case 'edit':
        this.#edits += 1
        seed.serving.set(line.app, line.after)
        break
      case 'traffic':
        seed.serving.set(line.app, line.weights)
        break
      case 'arm-write':
        this.#write(seed, line)
        break
      case 'end':
        seed.hasEnded = true
        break
      case 'else':
        break
    }
  }

  /** To be called after the last line. */
  end(): Summary {
    for (const { hasEnded, newest } of this.#open.values())
      if (!hasEnded) this.#find(newest, 'the trace of this seed breaks off before its end')
    return {
      seeds: this.#seeds,
      rows: this.#rows,
      writes: this.#writes,
      edits: this.#edits,
      changes: sorted(this.#changes),
      decisions: sorted(this.#decisions),
      windows: this.#windows,
      findings: this.#findings,
    }
  }

  #seedOf(line: Line): Seed {
    const known = this.#open.get(line.seed)
    if (known !== undefined) return known
    this.#seeds += 1
    const maps = { books: new Map(), entities: new Map(), chains: new Map(), serving: new Map(), stored: new Map() }
    const fresh: Seed = { n: 0, hasEnded: false, newest: line, ...maps }
    this.#open.set(line.seed, fresh)
    return fresh
  }

  #enter(seed: Seed, line: Line & { readonly kind: 'audit' }): void {
    const { row } = line
    this.#rows += 1
    if (!row.entityId.includes('/')) {
      for (const wrong of brokenChain(row, seed.chains.get(row.entityId) ?? BEFORE_THE_FIRST))
        this.#find(line, told(row, wrong))
      seed.chains.set(row.entityId, row)
      return
    }
    const { decision, windows, wrongs } = bookOf(seed, row.entityId).enter(row, line)
    if (decision !== null) count(this.#decisions, decision)
    this.#windows += windows
    for (const wrong of wrongs) this.#find(line, told(row, wrong))
  }

  #write(seed: Seed, line: Line & { readonly kind: 'arm-write' }): void {
    const { app, weights, followsLatest, counts, worker } = line
    if (!counts || weights === null) return
    this.#writes += 1
    const serving = seed.serving.get(app) ?? null
    seed.serving.set(app, weights)
    const who = `worker ${worker} gave ${shares(weights)} to ${app}`
    if (followsLatest)
      this.#find(line, `${who} with an entry that follows the latest revision, which no decision ever wishes`)
    if (serving !== null && sameWeights(serving, weights)) {
      count(this.#changes, 'nothing changed')
      return
    }
    const entity = seed.entities.get(app)
    if (entity === undefined) {
      this.#find(line, `${who}, an app of no service`)
      return
    }
    const book = bookOf(seed, entity)
    const stored = seed.stored.get(`${worker} ${entity}`) ?? null
    const licence = licenceOf(book, { weights, serving, at: line.at, stored })
    if (licence.kind === 'none') this.#find(line, `${who}, from ${shares(serving)}: ${licence.because}`)
    count(this.#changes, licence.kind === 'none' ? 'unlicensed' : licence.by)
  }

  #find(line: Line, says: string): void {
    this.#findings.push({ seed: line.seed, at: line.at, line: line.line, says })
  }
}

interface Write {
  readonly weights: Weights
  readonly serving: Weights | null
  readonly at: number
  /** Transaction in which its worker last stored a decision; null where the trace tells of none. */
  readonly stored: number | null
}

type Licence = { readonly kind: 'given'; readonly by: string } | { readonly kind: 'none'; readonly because: string }

function licenceOf(book: Book, write: Write): Licence {
  const { weights, serving, at, stored } = write
  const { wish, rollout, overtaken } = book
  const isHeld = rollout?.frozen && rises(rollout.canary, weights, serving)
  if (wish !== null && grants(wish, weights, serving) && !isHeld) return { kind: 'given', by: wish.row.kind }
  const former = overtaken.findLast((one) => grants(one.wish, weights, serving))
  const isLate = former !== undefined && at - former.at <= LATE_MS && (stored === null || stored < former.commit)
  if (isLate && !isHeld) return { kind: 'given', by: `${former.wish.row.kind}, overtaken within ${span(LATE_MS)}` }
  return { kind: 'none', because: because(book, former, at) }
}

function because({ wish, rollout }: Book, former: Overtaken | undefined, at: number): string {
  if (rollout?.frozen) return `${rollout.id} is held by ${named(rollout.frozen)}`
  if (former !== undefined) {
    return `${named(former.wish.row)} wished it once, and ${named(former.by)} had overtaken that ${span(at - former.at)} before`
  }
  if (rollout?.handsOff) return `Slipway keeps its hands off since ${named(rollout.handsOff)}`
  if (wish === null) return 'no row of the audit wishes for any weights'
  return `no row of the audit ever wished it; what stands is ${shares(wish.weights)} by ${named(wish.row)}`
}

function rises(canary: string | null, weights: Weights, serving: Weights | null): boolean {
  return canary !== null && (weights[canary] ?? 0) > (serving?.[canary] ?? 0)
}

function named(row: Row): string {
  return `${row.kind} #${row.seq} of ${row.rollout ?? row.entityId} at ${moment(row.happenedAt)}`
}

function told(row: Row, wrong: string): string {
  return `audit row ${row.id} (${row.kind}${row.rollout === null ? '' : ` of ${row.rollout}`}): ${wrong}`
}

function bookOf(seed: Seed, entity: string): Book {
  const known = seed.books.get(entity)
  if (known !== undefined) return known
  const fresh = openBook(entity)
  seed.books.set(entity, fresh)
  return fresh
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function sorted(counts: Map<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}
