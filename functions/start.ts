import { app } from '@azure/functions'
import { Fault } from '../lib/errors.ts'
import { ensureStorage, storeManifestFiles } from '../lib/wiring.ts'

/** When the app starts: tables, queues, and the manifests that lie in its folder. What fails is said; the app runs on. */
app.hook.appStart(async () => {
  try {
    await ensureStorage()
    for (const line of await storeManifestFiles()) console.info(line)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    console.error(`at start: ${error.message}`)
  }
})
