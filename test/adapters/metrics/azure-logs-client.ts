import { createAzureLogs } from '../../../lib/adapters/metrics/azure-logs.ts'
import type { LogsAnswer } from '../../../lib/adapters/metrics/azure-logs-answer.ts'
import { LOG_COLUMNS, type LogAsk } from '../../../lib/adapters/metrics/azure-logs-query.ts'
import type { LogSourceOptions, LogsClient } from '../../../lib/adapters/metrics/azure-logs-source.ts'
import type { Reading } from '../../../lib/core/judge/reading.ts'
import type { Metrics } from '../../../lib/ports.ts'
import { tokensOf } from './kql.ts'

export const WORKSPACE = '11111111-2222-3333-4444-555555555555'

export type Row = readonly unknown[]

/** What a client was asked. */
export interface Sent {
  readonly workspace: string
  readonly text: string
  readonly timespan: { startTime: Date; endTime: Date }
  readonly asks: readonly LogAsk[]
}

type Settings = Partial<Pick<LogSourceOptions, 'workspaceOf' | 'maxChars' | 'maxRows' | 'timeoutMs'>>

/** The access log's source on a client that answers every text with these rows. */
export function fake(rows: (asks: readonly LogAsk[]) => readonly Row[], settings: Settings = {}) {
  return fakeAnswer(
    async (_, asks) => ({ status: 'Success', tables: [{ columnDescriptors: LOG_COLUMNS, rows: rows(asks) }] }),
    settings,
  )
}

/** The access log's source on a client that answers with whatever this says. */
export function fakeAnswer(
  answer: (workspace: string, asks: readonly LogAsk[]) => Promise<LogsAnswer>,
  settings: Settings = {},
): { readonly sent: readonly Sent[]; readonly metrics: Metrics } {
  const sent: Sent[] = []
  const client: LogsClient = {
    queryWorkspace(workspace, text, timespan) {
      const asks = asksIn(text)
      sent.push({ workspace, text, timespan, asks })
      return answer(workspace, asks)
    },
  }
  return { sent, metrics: createAzureLogs({ client, workspaceOf: () => WORKSPACE, ...settings }) }
}

/** The parameter as Kusto's own lexer reads it. */
export function asksIn(text: string): readonly LogAsk[] {
  return JSON.parse(tokensOf(text).find((token) => token.value !== null)?.value ?? 'null')
}

/** Why a reading is missing; of one that is not, that it is measured. */
export function whyOf(reading: Reading | undefined): string {
  return reading?.kind === 'missing' ? reading.why : `measured: ${JSON.stringify(reading)}`
}
