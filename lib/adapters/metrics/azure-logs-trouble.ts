import { TimedOut } from './within.ts'

/**
 * Why a call to Log Analytics failed, for a person: what happened, which workspace, what to do.
 * Reads the error's status, code and message only, never the request, so no token can enter the text.
 */
export function describeTrouble(error: unknown, workspaceId: string): string {
  if (error instanceof TimedOut) return `Log Analytics gave ${error.message}`
  const name = text(error, 'name')
  if (/^(CredentialUnavailable|Authentication|AggregateAuthentication|AuthenticationRequired)/.test(name)) {
    return `no token for Log Analytics (${name}): check Slipway's identity`
  }
  const status = numberOf(error, 'statusCode')
  if (status !== null && status >= 400) return describeStatus(status, workspaceId, innermost(error))
  const code = text(error, 'code') || name
  if (/REQUEST_SEND_ERROR|^E[A-Z]{3,}|AbortError/.test(code)) return `Log Analytics could not be reached (${code})`
  return `the answer of Log Analytics could not be read (${code || 'unknown error'})`
}

function describeStatus(status: number, workspace: string, detail: string): string {
  const said = `(HTTP ${status}${detail === '' ? '' : `, ${detail}`})`
  if (status === 400) return describeRefusal(workspace, said)
  if (status === 401)
    return `Log Analytics did not accept the token for workspace ${workspace} ${said}: check Slipway's identity`
  if (status === 403) {
    return `may not read workspace ${workspace} ${said}: give Slipway's identity the role "Log Analytics Data Reader" on the workspace`
  }
  if (status === 404) {
    return `there is no workspace ${workspace} ${said}: put the workspace's id (a GUID) as logWorkspaceId into SLIPWAY_ENVIRONMENTS`
  }
  if (status === 429)
    return `Log Analytics is throttling workspace ${workspace} ${said}: it is asked again at the next look`
  return `Log Analytics is unavailable for workspace ${workspace} ${said}`
}

function describeRefusal(workspace: string, said: string): string {
  if (!said.includes('ContainerAppHTTPLogs')) return `Log Analytics refused the query to workspace ${workspace} ${said}`
  return (
    `workspace ${workspace} has no table ContainerAppHTTPLogs ${said}: add a diagnostic setting with the category ` +
    'ContainerAppHTTPLogs to the Container Apps environment; the table appears some minutes after its first request'
  )
}

/** The deepest error of `details.error.innererror…`: the outer ones only say that something was wrong. */
function innermost(error: unknown): string {
  let level = field(field(error, 'details'), 'error')
  for (let inner = level; inner !== undefined; inner = field(inner, 'innererror')) level = inner
  const source = level ?? error
  return [text(source, 'code'), text(source, 'message')].filter(Boolean).join(': ').slice(0, 300)
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? ((value as Record<string, unknown>)[name] ?? undefined)
    : undefined
}

function text(value: unknown, name: string): string {
  const found = field(value, name)
  return typeof found === 'string' ? found : ''
}

function numberOf(value: unknown, name: string): number | null {
  const found = field(value, name)
  return typeof found === 'number' ? found : null
}
