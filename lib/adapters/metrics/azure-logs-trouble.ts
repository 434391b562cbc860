import { TooLong } from './azure-bounds.ts'
import type { Trouble } from './azure-logs-answer.ts'
import type { LogTable } from './azure-logs-query.ts'
import { plainWords } from './azure-words.ts'
import { TimedOut } from './within.ts'

const AGAIN = 'it is asked again at the next look'

/**
 * Why a call to Log Analytics failed, for a person: what happened, which workspace, what to do.
 * Reads the error's status, code and message only, never the request, so no token can enter the text.
 */
export function describeTrouble(error: unknown, table: LogTable, workspaceId: string): Trouble {
  if (error instanceof TimedOut) return { silence: 'late', why: `Log Analytics gave ${error.message}: ${AGAIN}` }
  if (error instanceof TooLong) {
    return {
      silence: 'malformed',
      why: `Log Analytics began ${error.message}, which was not read to its end: ${AGAIN}`,
    }
  }
  const name = text(error, 'name')
  if (/^(CredentialUnavailable|Authentication|AggregateAuthentication|AuthenticationRequired)/.test(name)) {
    return { silence: 'denied', why: `no token for Log Analytics (${name}): check Slipway's identity` }
  }
  const status = numberOf(error, 'statusCode')
  if (status !== null && status >= 400) return describeStatus(status, table, workspaceId, innermost(error))
  const code = text(error, 'code') || name
  if (/AbortError|ETIMEDOUT/.test(code))
    return { silence: 'late', why: `the call to Log Analytics ran out of time (${code}): ${AGAIN}` }
  if (/REQUEST_SEND_ERROR|^E[A-Z]{3,}/.test(code)) {
    const why = `Log Analytics could not be reached (${code}): check SLIPWAY_LOGS_URL and the way out of Slipway's network`
    return { silence: 'down', why }
  }
  const why = `the answer of Log Analytics could not be read (${code || 'unknown error'}): ${AGAIN}; if it stays, report it`
  return { silence: 'malformed', why }
}

function describeStatus(status: number, table: LogTable, workspace: string, detail: string): Trouble {
  const said = `(HTTP ${status}${detail === '' ? '' : `, ${detail}`})`
  switch (status) {
    case 400:
      return describeRefusal(table, workspace, said)
    case 401: {
      const why = `Log Analytics did not accept the token for workspace ${workspace} ${said}: check Slipway's identity`
      return { silence: 'denied', why }
    }
    case 403: {
      const role = `give Slipway's identity the role "Log Analytics Data Reader" on the workspace`
      return { silence: 'denied', why: `may not read workspace ${workspace} ${said}: ${role}` }
    }
    case 404: {
      const setting = "put the workspace's id (a GUID) as logWorkspaceId into SLIPWAY_ENVIRONMENTS"
      return { silence: 'unset', why: `there is no workspace ${workspace} ${said}: ${setting}` }
    }
    case 429:
      return { silence: 'throttled', why: `Log Analytics is throttling workspace ${workspace} ${said}: ${AGAIN}` }
    case 504:
      return { silence: 'late', why: `Log Analytics ran out of time for workspace ${workspace} ${said}: ${AGAIN}` }
    default:
      return { silence: 'down', why: `Log Analytics is unavailable for workspace ${workspace} ${said}: ${AGAIN}` }
  }
}

function describeRefusal(table: LogTable, workspace: string, said: string): Trouble {
  if (said.includes(table.name)) {
    return { silence: 'unset', why: `workspace ${workspace} has no table ${table.name} ${said}: ${table.setUp}` }
  }
  const why = `Log Analytics refused the query to workspace ${workspace} ${said}: report this as a bug`
  return { silence: 'refused', why }
}

/** The deepest error of `details.error.innererror…`: the outer ones only say that something was wrong. */
function innermost(error: unknown): string {
  let level = field(field(error, 'details'), 'error')
  for (let inner = level; inner !== undefined; inner = field(inner, 'innererror')) level = inner
  const source = level ?? error
  return [text(source, 'code'), text(source, 'message')].filter(Boolean).join(': ').slice(0, 300).toWellFormed()
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? ((value as Record<string, unknown>)[name] ?? undefined)
    : undefined
}

function text(value: unknown, name: string): string {
  const found = field(value, name)
  return typeof found === 'string' ? plainWords(found) : ''
}

function numberOf(value: unknown, name: string): number | null {
  const found = field(value, name)
  return typeof found === 'number' ? found : null
}
