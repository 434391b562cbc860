import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { examine } from '../lib/engine/doctor.ts'
import { identify, surgery } from '../lib/wiring.ts'

/** What is wrong with the installation, its environments and the services that the caller may see, and how it is mended. */
app.http('doctor', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/doctor',
  handler: operatorDoor(['get-doctor'], identify, async ({ caller }) => ({
    jsonBody: { findings: await examine(await surgery(), caller) },
  })),
})
