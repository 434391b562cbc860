import { app } from '@azure/functions'
import { MANIFEST_BODY } from '../lib/door/body.ts'
import { tagged } from '../lib/door/conditional.ts'
import { type Operated, operatorDoor, permit } from '../lib/door/operator.ts'
import { manifestExpectation } from '../lib/door/precondition.ts'
import { environmentsMeant, etagOf, invalid, notOneService } from '../lib/door/service.ts'
import { yamlOrJson } from '../lib/door/yaml-or-json.ts'
import { ALL_METHODS, problem, Refusal } from '../lib/door.ts'
import { storeManifest } from '../lib/engine/manifest.ts'
import { notTheirs } from '../lib/engine/manifest-right.ts'
import { signed, withWords } from '../lib/engine/people.ts'
import { locate } from '../lib/engine/query.ts'
import { identify, registrar, settings, wheel } from '../lib/wiring.ts'

/** The manifest of a service: PUT stores a new version (YAML or JSON), GET gives the newest as it is written, ready to be changed and PUT. */
app.http('service-manifest', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/manifest',
  handler: operatorDoor(
    ['get-manifest', 'put-manifest'],
    identify,
    (visit) => (visit.method === 'PUT' ? put(visit) : get(visit)),
    { ...MANIFEST_BODY, people: 'kept' },
  ),
})

async function get({ params, query, headers, caller }: Operated) {
  const format = yamlOrJson(query, headers.get('accept'))
  const environments = environmentsMeant(query, Object.keys((await settings()).environments))
  const located = await locate(await wheel(), environments, params.name ?? '', caller)
  if (located.kind !== 'found') return notOneService(params.name ?? '', located)
  const { manifestVersion: version, manifest: stored } = located.item.service
  const manifest = await withWords(await registrar(), stored)
  const { documentOf, writeManifest } = await import('../lib/schema/manifest-document.ts')
  const yaml = { vary: 'accept', 'content-type': 'application/yaml; charset=utf-8' }
  return tagged(headers, etagOf(version), () =>
    format === 'json'
      ? { headers: { vary: 'accept' }, jsonBody: { version, manifest: documentOf(manifest) } }
      : { headers: yaml, body: writeManifest(manifest) },
  )
}

async function put({ params, bytes, headers, caller, requestId }: Operated) {
  const { readOffered } = await import('../lib/schema/manifest-offered.ts')
  const read = readOffered(bytes, params.name ?? '', await settings(), (manifest) =>
    permit(caller, 'configure', manifest),
  )
  if (read.kind === 'issues') return invalid(read.because, read.issues)
  if (read.kind === 'other-name') return problem(400, 'bad-request', read.because)
  const { by, manifest } = await signed(await registrar(), caller, requestId, read.manifest)
  const { holds, refused } = manifestExpectation(headers)
  const [turning, { environments }] = await Promise.all([wheel(), settings()])
  const stored = await storeManifest(turning, manifest, by, holds, async (before) => {
    const because = await notTheirs(turning, Object.keys(environments), caller, manifest, before)
    if (because !== null) throw new Refusal(problem(403, 'forbidden', `${caller.name} may not store this: ${because}.`))
  })
  if (stored.kind === 'stale') throw refused(stored.version)
  return { status: stored.kind === 'created' ? 201 : 200, headers: { etag: etagOf(stored.version) }, jsonBody: stored }
}
