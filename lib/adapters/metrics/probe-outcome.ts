import type { Source } from '../../core/service.ts'
import type { Outcome } from './probe-send.ts'

/**
 * Failures between Slipway and the ingress, as Node names them: the request never came near the revision. The certificate
 * is the ingress's, not the revision's.
 */
const SAYS_NOTHING: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_MEMORY',
  'EAI_NODATA',
  'EAI_SYSTEM',
  'ENOTFOUND',
  'EACCES',
  'EADDRNOTAVAIL',
  'ECANCELED',
  'EHOSTUNREACH',
  'EMFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EPERM',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/**
 * Whether a probe says nothing about the revision: it failed while its name was looked up, or could not connect in time
 * (the ingress takes the connections of all revisions), or for a reason that is Slipway's or the ingress's own.
 */
export function saysNothing({ code, stage }: Outcome): boolean {
  if (code === null) return false
  if (stage === 'lookup' || SAYS_NOTHING.has(code)) return true
  return stage === 'connect' && (code === 'TIMEOUT' || code === 'ETIMEDOUT')
}

/** Whether a probe failed: no answer, none in time, or a status of 400 or above. */
export function hasFailed({ status, tookMs }: Outcome, timeoutMs: number): boolean {
  return status === null || status >= 400 || tookMs > timeoutMs
}

/** Why none of these probes, which all say nothing about the revision, was answered, and what to do. */
export function unreached(sent: readonly Outcome[]): string {
  const codes = [...new Set(sent.map(kindOf))].join(', ')
  if (sent.every(({ stage }) => stage === 'lookup'))
    return `found no address of its host in DNS (${codes}), which says nothing about the revision: see whether Slipway can look the name up`
  return `did not reach its ingress (${codes}), which says nothing about the revision: see whether Slipway's network leads there`
}

/** What went wrong with how many, and how many were not counted; null where all was well. */
export function noteOn(sent: readonly Outcome[], source: Extract<Source, { kind: 'probe' }>): string | null {
  const uncounted = sent.filter(saysNothing)
  const told = sent.filter((outcome) => !saysNothing(outcome))
  const failed = told.filter((outcome) => hasFailed(outcome, source.timeoutMs))
  const isOdd = failed.some(({ status }) => status !== null && status >= 400 && status < 500)
  const hint = isOdd ? `; 400–499 counts as failed: is ${source.path} a path that answers without a login?` : ''
  const parts = [
    failed.length === 0 ? [] : [`of ${told.length} probes ${failed.length} failed: ${tally(failed)}${hint}`],
    uncounted.length === 0 ? [] : [`not counted, since they say nothing about the revision: ${tally(uncounted)}`],
  ].flat()
  return parts.length === 0 ? null : parts.join('; ')
}

function tally(outcomes: readonly Outcome[]): string {
  return [...Map.groupBy(outcomes, kindOf)].map(([kind, those]) => `${those.length} × ${kind}`).join(', ')
}

function kindOf({ status, code, stage }: Outcome): string {
  if (status !== null && status >= 400) return `status ${status}`
  if (code === 'TIMEOUT' && stage !== 'answer') return `${code} of the ${stage}`
  return code ?? 'TIMEOUT'
}
