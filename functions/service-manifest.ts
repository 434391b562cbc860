import { app } from '@azure/functions'
import { type Operated, operatorDoor, permit } from '../lib/door/operator.ts'
import { environmentsMeant, etagOf, invalid, notOneService, versionOf } from '../lib/door/service.ts'
import { yamlOrJson } from '../lib/door/yaml-or-json.ts'
import { ALL_METHODS, JSON_TYPES, problem, YAML_TYPES } from '../lib/door.ts'
import { storeManifest } from '../lib/engine/manifest.ts'
import { locate } from '../lib/engine/query.ts'
import { identify, settings, wheel } from '../lib/wiring.ts'

/** The manifest of a service: PUT stores a new version (YAML or JSON), GET gives the newest as it is written, ready to be changed and PUT. */
app.http('service-manifest', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/manifest',
  handler: operatorDoor(
    ['get-manifest', 'put-manifest'],
    identify,
    (visit) => (visit.method === 'PUT' ? put(visit) : get(visit)),
    { accepts: [...YAML_TYPES, ...JSON_TYPES] },
  ),
})

async function get({ params, query, headers, caller }: Operated) {
  const format = yamlOrJson(query, headers.get('accept'))
  const name = params.name ?? ''
  const environments = environmentsMeant(query, Object.keys((await settings()).environments))
  const located = await locate(await wheel(), environments, name, caller)
  if (located.kind !== 'found') return notOneService(name, located)
  const { manifest, manifestVersion: version } = located.item.service
  const { documentOf, writeManifest } = await import('../lib/schema/manifest-document.ts')
  const always = { etag: etagOf(version), vary: 'accept' }
  if (format === 'json') return { headers: always, jsonBody: { version, manifest: documentOf(manifest) } }
  return { headers: { ...always, 'content-type': 'application/yaml; charset=utf-8' }, body: writeManifest(manifest) }
}

async function put({ params, bytes, headers, caller }: Operated) {
  const [{ readManifest }, { misfits }] = await Promise.all([
    import('../lib/schema/manifest.ts'),
    import('../lib/schema/fits.ts'),
  ])
  const read = readManifest(Buffer.from(bytes).toString('utf8'))
  if (!read.ok) return invalid('The manifest is not valid. Nothing was stored.', read.issues)
  const { manifest } = read
  if (manifest.name !== params.name) {
    return problem(400, 'bad-request', `The manifest is of ${manifest.name}, but the URL names ${params.name ?? ''}.`)
  }
  permit(caller, 'configure', manifest)
  const issues = misfits(manifest, await settings())
  if (issues.length > 0) return invalid('The manifest does not fit this installation. Nothing was stored.', issues)
  const expected = versionOf(headers.get('if-match'))
  if (Number.isNaN(expected)) return problem(400, 'bad-request', 'If-Match is not an ETag of a manifest, e.g. "v3".')
  const stored = await storeManifest(await wheel(), manifest, caller.name, expected)
  const headersOut = { etag: etagOf(stored.version) }
  if (stored.kind !== 'stale')
    return { status: stored.kind === 'created' ? 201 : 200, headers: headersOut, jsonBody: stored }
  const detail = `The manifest is at version ${stored.version} now. Look at it and send yours with If-Match: ${etagOf(stored.version)}.`
  return problem(412, 'precondition-failed', detail, { headers: headersOut })
}
