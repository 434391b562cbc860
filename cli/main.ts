import { type Command, CommanderError } from 'commander'
import { EXIT, Refusal } from './exit.ts'
import { createIo } from './io.ts'
import { createTree } from './tree.ts'

const stopped = new AbortController()

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads our output has seen enough, as `| head` does.
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.ok)
  throw error
})
process.on('SIGINT', () => {
  if (stopped.signal.aborted) process.exit(EXIT.interrupted)
  stopped.abort()
})

await run(process.argv.slice(2))

async function run(args: readonly string[]): Promise<void> {
  const program = createTree((load) => async (...parameters) => {
    const command = parameters.at(-1) as Command
    const options = command.optsWithGlobals<{ color: boolean; input: boolean }>()
    const io = createIo({ noColor: !options.color, noInput: !options.input }, stopped.signal)
    const action = await load(program)
    leave(await action({ io, options, args: command.args } as never))
  })
  try {
    if (args.length === 0) program.outputHelp()
    else await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    leave(refuse(error, args.includes('--json')))
  }
}

/** Sets the exit code. What is still open (a connection that is kept alive) must not keep the process. */
function leave(exit: number): void {
  process.exitCode = stopped.signal.aborted ? EXIT.interrupted : exit
}

/** Says what is wrong on standard error, and which exit code that is. */
function refuse(error: unknown, isJson: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (stopped.signal.aborted) return EXIT.interrupted
  if (error instanceof Refusal) {
    process.stderr.write(isJson ? jsonOf(error) : `slipway: ${error.message.replaceAll('\n', '\n  ')}\n`)
    return error.exit
  }
  process.stderr.write(`slipway: this is a mistake of ours: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.error
}

function jsonOf(error: Refusal): string {
  const { exit, message } = error
  return `${JSON.stringify({ exit, message, problem: 'problem' in error ? error.problem : null })}\n`
}
