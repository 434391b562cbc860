import type { ServiceView } from '../../lib/api.ts'
import { duration } from '../../lib/core/format.ts'
import type { Run } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import type { Io } from '../io.ts'
import { tableText } from '../print-table.ts'
import { clean, phaseColoured, phaseSign, phaseWord } from '../words.ts'

/** `slipway services`: every service in one line. */
export const run: Run = async ({ io, options }) => {
  const api = connect(io, options)
  const items: ServiceView[] = []
  for await (const item of api.items<ServiceView>('/v1/services', { environment: options.environment }))
    items.push(item)
  if (options.json === true) io.write(JSON.stringify({ items, nextLink: null }))
  else if (items.length === 0) io.talk('No services yet. Store a manifest: slipway manifest put FILE')
  else
    io.write(
      tableText(
        io,
        COLUMNS,
        items.map((item) => rowOf(io, item)),
      ),
    )
  return EXIT.ok
}

const COLUMNS = [
  { head: 'SERVICE' },
  { head: 'ENVIRONMENT' },
  { head: 'STATUS' },
  { head: 'STEP', isRight: true },
  { head: 'CANARY', isRight: true },
  { head: 'TAG', isFlexible: true },
  { head: 'NEXT', isFlexible: true },
]

function rowOf(io: Io, item: ServiceView): readonly string[] {
  const { service, environment, step, weights, canary, tag, outcome, trouble, freeze, next, nextInMs, pending } = item
  const weight = canary === null || outcome !== null ? '' : `${weights.actual?.[canary] ?? 0} %`
  const held = [
    trouble === null ? '' : `trouble: ${clean(trouble, 200)}`,
    freeze === null ? '' : `frozen: ${clean(freeze.reason, 80)}`,
  ]
  const told =
    held.filter((part) => part !== '').join(' · ') ||
    (outcome === null
      ? `${clean(next, 200)}${inText(nextInMs)}`
      : pending.length === 0
        ? 'next matching push'
        : clean(`${pending[0]} waits to be rolled out`, 200))
  return [
    service,
    environment,
    `${phaseSign(io, item)} ${phaseColoured(io, item, phaseWord(item))}`,
    step === null ? '' : `${step.number}/${step.of}`,
    weight,
    clean(tag, 60),
    told,
  ]
}

function inText(ms: number | null): string {
  return ms === null || ms < 1000 ? '' : ` (in ${duration(ms)})`
}
