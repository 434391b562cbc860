import type { PlanView } from '../lib/api.ts'
import type { Api } from './http.ts'
import type { Io } from './io.ts'
import { servicePath } from './target.ts'
import { coloured, hanging } from './terminal.ts'
import { clean } from './words.ts'

/** Asks what storing a manifest, and the next push with it, would do. Nothing is stored. */
export async function askPlan(api: Api, service: string, text: string): Promise<PlanView> {
  const headers = { 'content-type': 'application/yaml' }
  const { body } = await api.ask({ method: 'POST', path: servicePath(service, '/plan'), headers, body: text })
  return body as PlanView
}

/** A plan for a person: what changes, then what would happen, as sentences in their order. */
export function planLines(io: Io, { service, environment, version, changes, sentences }: PlanView): readonly string[] {
  const width = Math.min(110, io.size().columns)
  const head =
    version.now === 0
      ? 'a new service'
      : version.next === version.now
        ? `version ${version.now}, unchanged`
        : `version ${version.now} → ${version.next}`
  return [
    coloured(io, 'bold', `${environment}/${service}: ${io.isUnicode ? head : head.replace('→', '->')}`),
    ...(version.now === 0 ? [] : changes.flatMap((change) => changeLines(io, change))),
    ...(sentences.length === 0 ? [] : ['']),
    ...sentences.flatMap((sentence, index) =>
      hanging(`${String(index + 1).padStart(2)}. `, clean(sentence, 1000), 4, width),
    ),
  ]
}

function changeLines(io: Io, { path, before, after }: PlanView['changes'][number]): readonly string[] {
  const was = before === null ? [] : [coloured(io, 'red', `  - ${clean(path, 200)}: ${valueText(before)}`)]
  const is = after === null ? [] : [coloured(io, 'green', `  + ${clean(path, 200)}: ${valueText(after)}`)]
  return [...was, ...is]
}

function valueText(value: unknown): string {
  return clean(typeof value === 'string' ? value : JSON.stringify(value), 400)
}
