import type { Quarantined } from '../quarantine.ts'
import { type Finding, fine, INSTALLATION, wrong } from './finding.ts'

const WORDS: Readonly<Record<Quarantined['kind'], readonly [one: string, many: string]>> = {
  row: ['row cannot be read', 'rows cannot be read'],
  message: ['message cannot be acted on', 'messages cannot be acted on'],
  service: ['service breaks our own code', 'services break our own code'],
}

/** Whether anything waits in quarantine; `scope` null = of no environment alone. `waiting` names the kind of each that does. */
export function quarantineFinding(scope: string | null, waiting: readonly Quarantined['kind'][]): Finding {
  const of = { check: 'quarantine', subject: scope ?? INSTALLATION }
  if (waiting.length === 0) return fine(of, 'nothing waits in quarantine')
  const counts = Object.entries(WORDS).flatMap(([kind, [one, many]]) => {
    const count = waiting.filter((each) => each === kind).length
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
  })
  const environment = scope === null ? '' : ` --environment ${scope}`
  return wrong(of, 'warning', `in quarantine: ${counts.join(', ')}`, `slipway quarantine list${environment}`)
}
