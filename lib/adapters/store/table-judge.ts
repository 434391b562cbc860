import type { BucketLine, JudgeState } from '../../core/judge/state.ts'
import type { Rollout } from '../../core/rollout.ts'
import { bucketRowKey, judgeRowKey } from './table-keys.ts'
import { misshapen, type Read, type Row, readRow, unreadable, type Written, writeRow } from './table-rows.ts'
import { BUCKETS, JUDGE } from './table-shapes.ts'

/** What the row of the judge's state says besides the state itself. */
export interface JudgeRow {
  readonly judge: JudgeState
  /** How often the state was stored by then: the rollout's row says the same number, or the two do not go together. */
  readonly judged: number
}

/** The judge's state of a rollout as a row; `judged` counts from 1. */
export function writeJudge(rollout: Rollout, judge: JudgeState, judged: number): Written {
  const { environment, name } = rollout.key
  const columns = { rollout: rollout.id, judged, from: new Date(judge.from), kpis: Object.keys(judge.kpis).length }
  return writeRow(environment, judgeRowKey(name, rollout.number), columns, judge)
}

/** The judge's state of a row, which must be that of `rollout` (an id). */
export function readJudge(row: Row, rollout: string): Read<JudgeRow> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const judge = read.value as unknown as JudgeState
  if (judge.schema !== 1)
    return unreadable(`the judge’s state has schema ${JSON.stringify(judge.schema ?? null)}, known is 1`, 'schema')
  const wrong = misshapen(JUDGE, judge)
  if (wrong !== null) return wrong
  if (judge.rollout !== rollout) return unreadable('the judge’s state inside is of another rollout')
  if (typeof row.judged !== 'number') return unreadable('the column judged is missing', 'judged')
  return { kind: 'read', value: { judge, judged: row.judged } }
}

/** The buckets of one look as a row. `judged` is the count of the judge's state that absorbed them, and the row's place. */
export function writeBuckets(rollout: Rollout, line: BucketLine, judged: number): Written {
  const { environment, name } = rollout.key
  const columns = { rollout: rollout.id, at: new Date(line.at), kpis: Object.keys(line.kpis).length }
  return writeRow(environment, bucketRowKey(name, rollout.number, judged), columns, line)
}

/** The buckets of a row, which must be those of `rollout` (an id). */
export function readBuckets(row: Row, rollout: string): Read<BucketLine> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const line = read.value as unknown as BucketLine
  if (line.rollout !== rollout) return unreadable('the buckets inside are of another rollout')
  const wrong = misshapen(BUCKETS, line)
  if (wrong !== null) return wrong
  return { kind: 'read', value: line }
}
