import type { Command } from 'commander'
import type { Call } from '../call.ts'
import { completionScript, type Shell } from '../completion.ts'
import { EXIT } from '../exit.ts'

/** `slipway completion`: the script for a shell. */
export async function printCompletion(tree: Command, { io, args }: Call): Promise<number> {
  io.write(completionScript(tree, args[0] as Shell))
  return EXIT.ok
}
