import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** What the person who started the local stack wants. */
export interface Options {
  /** `story`: play it and stay up. `once`: play it and leave, 0 when it ended as told. `idle`: the stack alone. */
  readonly mode: 'story' | 'once' | 'idle'
  /** Where local.json, the certificate and the log go. */
  readonly folder: string
}

export const USAGE = `Usage: npm start [-- --once | --idle] [--folder DIR]

  (nothing)     start the local stack, play the story, stay up until Ctrl-C
  --once        leave when the story has ended: exit code 0 when it ended as told, 1 when not
  --idle        start the stack without the story
  --folder DIR  where local.json, the certificate and the log go (default: .slipway)
  --help        say this`

/** Reads the arguments; text = what to tell a person instead of starting. */
export function readOptions(args: readonly string[]): Options | { readonly say: string; readonly isError: boolean } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean' },
        idle: { type: 'boolean' },
        help: { type: 'boolean' },
        folder: { type: 'string' },
      },
    })
    if (values.help === true) return { say: USAGE, isError: false }
    if (values.once === true && values.idle === true) throw new Error('--once and --idle exclude each other')
    const folder =
      values.folder === undefined ? join(import.meta.dirname, '..', '..', '.slipway') : resolve(values.folder)
    return { mode: values.once === true ? 'once' : values.idle === true ? 'idle' : 'story', folder }
  } catch (error) {
    return { say: `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, isError: true }
  }
}
