import { hash } from 'node:crypto'
import type { AuditDraft, AuditRow } from '../lib/core/audit.ts'
import { GENESIS, hashedText, sealAs } from '../lib/core/chain.ts'
import { walkEnd, walkFrom, walkOn } from '../lib/core/chain-walk.ts'
import { atLeast, median, type Part, round, told } from './report.ts'

const ENTITY = 'production/pricing'
const ROWS = 50_000
const PAGE = 500
const ROUNDS = 5
const LEAST_PER_SECOND = 500_000

/** How many audit rows are verified in a second, against bare SHA-256 over the very texts that the rows' hashes are taken of. */
export async function benchAudit(): Promise<Part> {
  const { rows, chain } = sealAs(ENTITY, { seq: 0, hash: GENESIS }, drafts(), Date.UTC(2026, 0, 1), sha256)
  const newest = rows.toReversed()
  const texts = newest.map(hashedText)
  const walks: number[] = []
  const bares: number[] = []
  for (let index = 0; index < ROUNDS; index += 1) {
    bares.push(perSecond(() => texts.forEach(sha256)))
    walks.push(perSecond(() => walkAll(newest, chain)))
  }
  const [walk, bare] = [median(walks), median(bares)]
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / ROWS
  return {
    title: 'audit: rows verified in a second',
    figures: [
      told('bytes under a row’s hash', String(round(bytes))),
      told('bare SHA-256 of the same texts, per second', String(round(bare))),
      atLeast('rows walked, per second', walk, LEAST_PER_SECOND),
      told('walk against bare SHA-256', String(round(walk / bare))),
    ],
    notes: [`Medians of ${ROUNDS} rounds over ${ROWS} rows in memory; reading them from a table is not counted.`],
  }
}

function drafts(): readonly AuditDraft[] {
  return Array.from({ length: ROWS }, (_, index) => ({
    kind: 'weights-confirmed',
    metric: 'canary-weight',
    value: 25,
    notes: `traffic is as wished, look ${index}`,
    actor: 'slipway',
    rollout: 'pricing-1',
    step: 1,
    weightsBefore: { 'pricing--v1': 90, 'pricing--v2': 10 },
    weightsAfter: { 'pricing--v1': 75, 'pricing--v2': 25 },
    evidence: [],
    detail: null,
  }))
}

function walkAll(rows: readonly AuditRow[], head: { readonly seq: number; readonly hash: string }): void {
  let walk = walkFrom(head)
  for (let at = 0; at < rows.length; at += PAGE) {
    const step = walkOn(walk, ENTITY, rows.slice(at, at + PAGE), sha256)
    if (step.broken !== null) throw new Error(`the bench's own chain is broken: ${step.broken.because}`)
    walk = step.walk
  }
  if (walkEnd(walk, ENTITY) !== null || walk.rows !== ROWS) throw new Error(`${walk.rows} of ${ROWS} rows were walked`)
}

function perSecond(work: () => void): number {
  const start = performance.now()
  work()
  return (ROWS * 1000) / (performance.now() - start)
}

function sha256(text: string): string {
  return hash('sha256', text)
}
