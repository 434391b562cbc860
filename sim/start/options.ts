/** What the person who started the local stack wants. */
export interface Options {
  /** `story`: play it and stay up. `once`: play it and leave, 0 when it ended as told. `idle`: the stack alone. */
  readonly mode: 'story' | 'once' | 'idle'
}

export const USAGE = `Usage: npm start [-- --once | --idle]

  (nothing)  start the local stack, play the story, stay up until Ctrl-C
  --once     leave when the story has ended: exit code 0 when it ended as told, 1 when not
  --idle     start the stack without the story
  --help     say this`

/** Reads the arguments; text = why they cannot be read, for a person. */
export function readOptions(args: readonly string[]): Options | string {
  const unknown = args.find((arg) => !['--once', '--idle'].includes(arg))
  if (unknown !== undefined) return `there is no option ${unknown}\n\n${USAGE}`
  if (args.includes('--once') && args.includes('--idle')) return `--once and --idle exclude each other\n\n${USAGE}`
  return { mode: args.includes('--once') ? 'once' : args.includes('--idle') ? 'idle' : 'story' }
}
