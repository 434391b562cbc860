import { randomUUID } from 'node:crypto'

/** The body that Azure Container Registry posts when an image was pushed (its webhook reference, action `push`). */
export function acrPush(registry: string, repository: string, tag: string, digest: string): object {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  return {
    id: randomUUID(),
    timestamp: new Date().toISOString().replace('Z', '343145Z'),
    action: 'push',
    target: { mediaType, size: 524, digest, length: 524, repository, tag },
    request: { id: randomUUID(), host: registry, method: 'PUT', useragent: 'docker/27.3.1 go/go1.22.7' },
  }
}

/** Posts an event to the ACR hook as the registry does: one attempt, five seconds. Throws when it was not accepted. */
export async function postHook(api: string, key: string, body: object): Promise<void> {
  const response = await fetch(`${api}/hooks/acr`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-slipway-key': key, 'user-agent': 'AzureContainerRegistry/1.0' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  })
  if (response.ok) return
  const said = await response.text()
  throw new Error(`the hook answered ${response.status}: ${detailOf(said) ?? said}`)
}

/** The sentence of a problem document; null where it is none. */
function detailOf(text: string): string | null {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    return typeof detail === 'string' ? detail : null
  } catch {
    return null
  }
}
