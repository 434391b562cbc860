import { app } from '@azure/functions'
import { MANIFEST_BODY } from '../lib/door/body.ts'
import { type Operated, operatorDoor, permit } from '../lib/door/operator.ts'
import { invalid } from '../lib/door/service.ts'
import { ALL_METHODS, problem } from '../lib/door.ts'
import { withoutKnownWords } from '../lib/engine/people.ts'
import { planFor } from '../lib/engine/plan.ts'
import { identify, registrar, settings, wheel } from '../lib/wiring.ts'

/** What storing a manifest, and the next push with it, would do. Nothing is stored. */
app.http('service-plan', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/plan',
  handler: operatorDoor(['plan-manifest'], identify, plan, MANIFEST_BODY),
})

async function plan({ params, bytes, caller }: Operated) {
  const [{ readOffered }, { documentOf }] = await Promise.all([
    import('../lib/schema/manifest-offered.ts'),
    import('../lib/schema/manifest-document.ts'),
  ])
  const read = readOffered(bytes, params.name ?? '', await settings(), (manifest) => permit(caller, 'see', manifest))
  if (read.kind === 'issues') return invalid(read.because, read.issues)
  if (read.kind === 'other-name') return problem(400, 'bad-request', read.because)
  const manifest = await withoutKnownWords(await registrar(), read.manifest)
  return { jsonBody: await planFor(await wheel(), manifest, documentOf) }
}
