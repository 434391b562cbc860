import { TooLong } from './azure-bounds.ts'
import type { Trouble } from './azure-metrics-plan.ts'
import { plainWords } from './azure-words.ts'
import { TimedOut } from './within.ts'

const AGAIN = 'it is asked again at the next look'

/**
 * Why a call to Azure Monitor failed, for a person: what happened, which subscription, what to do.
 * Reads the error's status, code, message and Retry-After only, never the request, so no token can enter the text.
 */
export function troubleOf(error: unknown, subscriptionId: string): Trouble {
  if (error instanceof TimedOut) return { silence: 'late', why: `Azure Monitor gave ${error.message}: ${AGAIN}` }
  if (error instanceof TooLong) {
    return {
      silence: 'malformed',
      why: `Azure Monitor began ${error.message}, which was not read to its end: ${AGAIN}`,
    }
  }
  const name = text(error, 'name')
  if (/^(CredentialUnavailable|Authentication|AggregateAuthentication|AuthenticationRequired)/.test(name)) {
    return { silence: 'denied', why: `no token for Azure Monitor (${name}): check Slipway's identity` }
  }
  const status = field(error, 'statusCode')
  if (typeof status === 'number' && status >= 400) return troubleOfStatus(error, status, subscriptionId)
  const code = text(error, 'code') || name
  if (/AbortError|TimeoutError/.test(name))
    return { silence: 'late', why: `the call to Azure Monitor ran out of time: ${AGAIN}` }
  if (/REQUEST_SEND_ERROR|^E[A-Z]{3,}/.test(code)) {
    const why = `Azure Monitor could not be reached (${code}): check the region and the way out of Slipway's network`
    return { silence: 'down', why }
  }
  const why = `the answer of Azure Monitor could not be read (${code || 'unknown error'}): ${AGAIN}; if it stays, report it`
  return { silence: 'malformed', why }
}

function troubleOfStatus(error: unknown, status: number, subscriptionId: string): Trouble {
  const detail = [text(error, 'code'), text(error, 'message')].filter(Boolean).join(': ').slice(0, 300).toWellFormed()
  const said = `(HTTP ${status}${detail === '' ? '' : `, ${detail}`})`
  const metrics = `the metrics of subscription ${subscriptionId} ${said}`
  if (status === 401 || status === 403) {
    const why =
      `may not read ${metrics}: give Slipway's identity the role "Monitoring Reader" on the subscription; the same role ` +
      'on the app alone is not enough'
    return { silence: 'denied', why }
  }
  // 529: Azure Monitor throttles at its back end.
  if (status === 429 || status === 529) {
    return {
      silence: 'throttled',
      why: `Azure Monitor is throttling ${metrics}: ${AGAIN}${restOf(error)}`,
    }
  }
  if (status === 408 || status === 504) {
    return { silence: 'late', why: `Azure Monitor ran out of time for ${metrics}: ${AGAIN}` }
  }
  if (status < 500) {
    const why = `Azure Monitor refused the question about ${metrics}: look whether the app exists in this region`
    return { silence: 'refused', why }
  }
  return { silence: 'down', why: `Azure Monitor is unavailable for ${metrics}: ${AGAIN}` }
}

function restOf(error: unknown): string {
  const headers = field(field(error, 'response'), 'headers')
  const get = field(headers, 'get')
  const seconds: unknown = typeof get === 'function' ? get.call(headers, 'retry-after') : undefined
  if (typeof seconds !== 'string' || !/^\d{1,6}$/.test(seconds)) return ''
  return `; it wants ${seconds} s of rest`
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function text(value: unknown, name: string): string {
  const found = field(value, name)
  return typeof found === 'string' ? plainWords(found) : ''
}
