import type { AuditView } from '../../lib/api.ts'
import { numberOf, readRoute } from '../model/route.ts'
import { kindTone, kindWords, verdictMark } from '../model/words.ts'
import { Pill, Text } from '../ui/basics.tsx'
import { EvidenceDetails } from '../ui/evidence.tsx'
import { When } from '../ui/time.tsx'

/** One row of the audit: when, what, why, who; below it the weights and all evidence. */
export function AuditRow({ row, isPlaced = false }: { readonly row: AuditView; readonly isPlaced?: boolean }) {
  return (
    <li class={`row tone-${kindTone(row.kind)}`}>
      <span class="row-dot" aria-hidden="true" />
      <div class="row-head">
        <span class="row-kind">{kindWords(row.kind)}</span>
        {isPlaced ? <Where row={row} /> : null}
        {row.step === null ? null : <span class="muted">step {row.step}</span>}
        <span class="muted row-when">
          <When at={row.happenedAt} isExact />
        </span>
      </div>
      <p class="row-notes">
        <Text>{row.notes}</Text>
        {row.actor === 'slipway' ? null : (
          <span class="muted">
            {' '}
            by <Text>{row.actor}</Text>
          </span>
        )}
      </p>
      <Change row={row} />
      <Details row={row} />
    </li>
  )
}

/** The service, and the rollout where there is one, as a link where it is one that a view can show. */
function Where({ row: { entityId, rollout } }: { readonly row: AuditView }) {
  const number = numberOf(rollout)
  const link = number === null ? `#/${entityId}` : `#/${entityId}/${number}`
  const words = rollout === null ? entityId : `${entityId.split('/')[0]}/${rollout}`
  return readRoute(link).view === 'service' ? (
    <a class="mono" href={link}>
      {words}
    </a>
  ) : (
    <span class="muted mono">{entityId}</span>
  )
}

function Change({ row: { weightsBefore, weightsAfter } }: { readonly row: AuditView }) {
  if (weightsAfter === null) return null
  const names = [...new Set([...Object.keys(weightsBefore ?? {}), ...Object.keys(weightsAfter)])]
  return (
    <ul class="changes small">
      {names.map((name) => (
        <li>
          <span class="mono free">{name}</span>{' '}
          {weightsBefore === null || (weightsBefore[name] ?? 0) === (weightsAfter[name] ?? 0)
            ? `${weightsAfter[name] ?? 0} %`
            : `${weightsBefore[name] ?? 0} → ${weightsAfter[name] ?? 0} %`}
        </li>
      ))}
    </ul>
  )
}

function Details({ row }: { readonly row: AuditView }) {
  const { evidence, detail, sentence, id, hash } = row
  return (
    <details class="more">
      <summary>
        {evidence.length === 0 ? 'Details' : 'Evidence and details'}
        <span class="hidden"> of row {row.seq}</span>
        {evidence.map(({ kpi, verdict }) => (
          <Pill mark={{ ...verdictMark(verdict), word: kpi }} isSmall />
        ))}
      </summary>
      <p class="sentence">
        <Text>{sentence}</Text>
      </p>
      {evidence.map((item) => (
        <div class="row-evidence">
          <p>
            <strong>{item.kpi}</strong> <Pill mark={verdictMark(item.verdict)} isSmall /> <Text>{item.because}</Text>
          </p>
          <EvidenceDetails evidence={item} />
        </div>
      ))}
      {detail === null ? null : (
        <pre class="query" tabIndex={0} role="region" aria-label={`Detail of row ${row.seq}`}>
          {JSON.stringify(detail, null, 2)}
        </pre>
      )}
      <p class="muted small mono hash">
        {id} · {hash.slice(0, 16)}
      </p>
    </details>
  )
}
