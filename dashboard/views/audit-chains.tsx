import { useState } from 'preact/hooks'
import type { AuditVerdict } from '../../lib/api.ts'
import { PATHS, Refused, read } from '../api.ts'
import { useShared } from '../context.ts'
import { count } from '../model/format.ts'
import { Failed } from '../ui/basics.tsx'
import { When } from '../ui/time.tsx'

type Checked = { readonly verdict: AuditVerdict } | { readonly refused: Refused } | 'busy'

/** Walks the hash chains of the services that are shown, and says of each whether it is whole. */
export function Chains({ environment, service }: { readonly environment: string; readonly service: string }) {
  const { fleet } = useShared()
  const [found, setFound] = useState<Readonly<Record<string, Checked>>>({})
  const names = (fleet.value?.items ?? [])
    .filter((item) => item.environment === environment && (service === '' || item.service === service))
    .map((item) => item.service)
  const key = (name: string) => `${environment}/${name}`
  const set = (name: string, checked: Checked) => setFound((old) => ({ ...old, [key(name)]: checked }))
  const check = async () => {
    for (const name of names) {
      set(name, 'busy')
      try {
        set(name, { verdict: await walk(PATHS.verify(environment, name)) })
      } catch (error) {
        set(name, { refused: error instanceof Refused ? error : new Refused(0, 'The answer could not be read.') })
      }
    }
  }
  if (names.length === 0) return null
  return (
    <section class="chains" aria-label="Chains">
      <button type="button" class="button" onClick={() => void check()}>
        Verify {names.length === 1 ? `the chain of ${names[0]}` : `${names.length} chains`}
      </button>
      <ul aria-live="polite">
        {names.map((name) => {
          const checked = found[key(name)]
          return checked === undefined ? null : (
            <li>
              <Chain name={name} checked={checked} />
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** A long chain is walked in parts; the last part speaks for the whole. */
async function walk(path: string): Promise<AuditVerdict> {
  let verdict = await read<AuditVerdict>(path)
  while (verdict.nextLink !== null && verdict.intact) verdict = await read<AuditVerdict>(verdict.nextLink)
  return verdict
}

function Chain({ name, checked }: { readonly name: string; readonly checked: Checked }) {
  if (checked === 'busy') return <span class="muted">{name}: walking the chain …</span>
  if ('refused' in checked) return <Failed refused={checked.refused} />
  const { intact, rows, head, broken } = checked.verdict
  return intact ? (
    <span class="tone-good chain">
      <span class="glyph" aria-hidden="true">
        ✔
      </span>
      {name}: intact, {count(rows)} rows
      {head === null ? null : (
        <span class="muted">
          , newest <When at={head.happenedAt} /> <span class="mono">{head.hash.slice(0, 12)}</span>
        </span>
      )}
    </span>
  ) : (
    <span class="tone-bad chain">
      <span class="glyph" aria-hidden="true">
        ✖
      </span>
      {name}: broken at {broken?.id ?? 'an unknown row'}: {broken?.because ?? ''}
    </span>
  )
}
