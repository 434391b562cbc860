import type { TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf } from './check.ts'

/** What leaves the house, or is read by people, as text. */
function textOf(event: TraceEvent): string | null {
  switch (event.kind) {
    case 'audit': {
      const { notes, detail, actor, evidence } = event.row
      return JSON.stringify([notes, detail, actor, evidence])
    }
    case 'event-recorded':
      return JSON.stringify(event.record)
    case 'command-answered':
      return event.because
    case 'notice':
      return event.about
    case 'log':
      return event.line
    default:
      return null
  }
}

/** S17: no secret stands in any row of the audit, record of an event, answer to a person, notice or line of a log. */
export function checkSecrets(): Check {
  const secrets: { readonly value: string; readonly where: string }[] = []
  return checkOf({
    invariant: 'S17',
    kinds: ['secret', 'audit', 'event-recorded', 'command-answered', 'notice', 'log'],
    see: (event) => {
      if (event.kind === 'secret') secrets.push(event)
      const text = textOf(event)
      if (text === null) return []
      const told = secrets.filter(({ value }) => text.includes(value))
      return told.map(({ where }) => ({
        invariant: 'S17',
        says: `a secret of ${where} stands in a line of kind ${event.kind}`,
        n: event.n,
      }))
    },
    end: () => [],
  })
}
