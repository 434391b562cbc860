import type { ServiceView } from '../../lib/api.ts'
import { amount, count, figure, percent } from '../model/format.ts'
import { withoutName } from '../model/rollout.ts'
import { VERDICT_MEANINGS, verdictMark } from '../model/words.ts'
import { Pill, Text } from './basics.tsx'
import { When } from './time.tsx'

export type Evidence = ServiceView['kpis'][number]

/**
 * One KPI: its verdict, its figure on a scale with limit, interval and stable, what is missing unless the rollout is over,
 * and all of it on demand.
 */
export function EvidenceCard({ evidence, isOver }: { readonly evidence: Evidence; readonly isOver: boolean }) {
  const { kpi, role, because, missing, passAt, verdict, value, unit, limit } = evidence
  return (
    <article class="evidence" aria-label={kpi}>
      <header>
        <h3>
          {kpi}
          {role === 'required' ? null : <span class="muted small"> {role}</span>}
        </h3>
        <span title={VERDICT_MEANINGS[verdict] ?? ''}>
          <Pill mark={verdictMark(verdict)} isSmall />
        </span>
      </header>
      <p class="figure">
        <strong>{figure(value, unit)}</strong>
        <span class="muted">limit {figure(limit, unit)}</span>
      </p>
      <Scale evidence={evidence} />
      <p class="because">
        <Text>{withoutName(kpi, because)}</Text>
      </p>
      {missing === null || isOver ? null : (
        <p class="missing">
          <span class="glyph" aria-hidden="true">
            ◷
          </span>
          A pass needs: <Text>{missing}</Text>
          {passAt === null ? null : (
            <>
              , at the earliest <When at={passAt} />
            </>
          )}
        </p>
      )}
      <EvidenceDetails evidence={evidence} />
    </article>
  )
}

/** Value, 95 % interval, stable and limit on one line. The words beside it say the same. */
function Scale({ evidence: { value, limit, unit, interval, baseline, verdict } }: { readonly evidence: Evidence }) {
  if (value === null || unit !== 'ratio') return null
  const stable = baseline === null || baseline.total === 0 ? null : baseline.bad / baseline.total
  const most = Math.max(limit * 2, value * 1.15, Math.min(interval?.[1] ?? 0, limit * 4), (stable ?? 0) * 1.15)
  const x = (share: number) => Math.min(100, (share / most) * 100)
  return (
    <div class="scale-box">
      <svg
        class={`scale tone-${verdictMark(verdict).tone}`}
        viewBox="0 0 100 14"
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <rect class="scale-ground" y="5" width="100" height="4" />
        <rect class="scale-over" x={x(limit)} y="5" width={100 - x(limit)} height="4" />
        {interval === null ? null : (
          <rect
            class="scale-interval"
            x={x(interval[0])}
            y="3"
            width={Math.max(0.8, x(interval[1]) - x(interval[0]))}
            height="8"
          />
        )}
        {stable === null ? null : (
          <rect class="scale-stable" x={Math.max(0, x(stable) - 0.5)} y="1" width="1" height="12" />
        )}
        <rect class="scale-value" x={Math.max(0, x(value) - 0.7)} y="0" width="1.4" height="14" />
        <rect class="scale-limit" x={x(limit) - 0.35} y="0" width="0.7" height="14" />
      </svg>
      <p class="scale-words muted">
        {interval === null ? null : (
          <span>
            <span class="key key-interval" aria-hidden="true" /> 95 % sure: {percent(interval[0])} to{' '}
            {percent(interval[1])}
          </span>
        )}
        {stable === null ? null : (
          <span>
            <span class="key key-stable" aria-hidden="true" /> stable {percent(stable)}
          </span>
        )}
      </p>
    </div>
  )
}

/** Everything an auditor asks of one KPI: window, counts, stable, interval, E-values, source and query. */
export function EvidenceDetails({
  evidence,
  isOpen = false,
}: {
  readonly evidence: Evidence
  readonly isOpen?: boolean
}) {
  return (
    <details class="more" open={isOpen}>
      <summary>
        Evidence<span class="hidden"> for {evidence.kpi}</span>
      </summary>
      <dl class="facts">
        {factsOf(evidence).map(([word, said]) => (
          <div>
            <dt>{word}</dt>
            <dd>{said}</dd>
          </div>
        ))}
        <div>
          <dt>Window</dt>
          <dd>
            {evidence.to > evidence.from ? (
              <>
                <When at={evidence.from} /> to <When at={evidence.to} />
              </>
            ) : (
              'no bucket yet'
            )}
          </dd>
        </div>
      </dl>
      <p class="muted small">Query, as it can be run again</p>
      <pre class="query" tabIndex={0} role="region" aria-label={`Query of ${evidence.kpi}`}>
        {evidence.query}
      </pre>
    </details>
  )
}

function factsOf(evidence: Evidence): readonly (readonly [string, string])[] {
  const { bad, total, unit, value, limit, baseline, interval, evalues, source, revision, provisional, approximate } =
    evidence
  const counted = (of: number, all: number) =>
    `${count(of)} bad of ${count(all)}${all === 0 ? '' : ` (${percent(of / all)})`}`
  const facts: (readonly [string, string] | null)[] = [
    ['Verdict', `${evidence.verdict}: ${VERDICT_MEANINGS[evidence.verdict] ?? ''}`],
    [
      'Canary',
      bad === null || total === null ? 'nothing measured' : `${approximate ? 'at least ' : ''}${counted(bad, total)}`,
    ],
    unit === 'figure' ? ['Newest figure', figure(value, unit)] : null,
    ['Stable', baseline === null ? 'not compared' : counted(baseline.bad, baseline.total)],
    ['Limit', figure(limit, unit)],
    interval === null
      ? null
      : ['Judge’s 95 % interval', `${percent(interval[0])} to ${percent(interval[1])}, however often it is read`],
    evalues === null
      ? null
      : ['Evidence against the limit', `${amount(evalues.absolute)} of ${amount(evalues.needed)} needed`],
    evalues === null ? null : ['Evidence against stable', amount(evalues.relative)],
    evalues === null ? null : ['Over-dispersion', `${amount(evalues.overDispersion)} (1 = independent requests)`],
    ['Source', `${source}, revision ${revision}`],
    provisional ? ['Provisional', 'buckets that are not final yet were needed'] : null,
    evidence.silent === null ? null : ['Silent', evidence.silent],
  ]
  return facts.filter((fact) => fact !== null)
}
