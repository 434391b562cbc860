import type { Run } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { sendableManifest } from '../manifest-texts.ts'
import { askPlan, planLines } from '../plan.ts'

/** `slipway plan`: what storing this manifest, and the next push with it, would do. Nothing is stored. */
export const run: Run = async ({ io, options, args }) => {
  const { text, manifest } = await sendableManifest(args[0] ?? '')
  const plan = await askPlan(connect(io, options), manifest.name, text)
  io.write(options.json === true ? JSON.stringify(plan) : planLines(io, plan).join('\n'))
  if (options.json !== true) io.talk('Nothing was stored. Store it: slipway manifest put FILE')
  return EXIT.ok
}
