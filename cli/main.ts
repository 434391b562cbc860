import { Command, CommanderError } from 'commander'
import { addReplay } from './commands/replay.ts'
import { addSimulate } from './commands/simulate.ts'
import { EXIT, Refusal } from './exit.ts'
import type { Terminal } from './terminal.ts'

const EXITS = `
Exit codes: 0 promoted or still running, 2 rolled back or aborted, 3 paused for a person or running
and held (suspect, nodata, error), 64 wrong usage, 65 bad input, 66 no such file, 69 service not reached, 77 key refused.`

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads our output has seen enough, as `| head` does.
  if (error.code !== 'EPIPE') throw error
})

const terminal: Terminal = {
  write: (text) => process.stdout.write(`${text}\n`),
  isColoured: process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '',
}

await run(process.argv.slice(2))

async function run(args: readonly string[]): Promise<void> {
  const program = new Command('slipway')
    .description('Progressive delivery for Azure Container Apps.')
    .showHelpAfterError('(add --help for what there is)')
    .addHelpText('after', EXITS)
    .exitOverride()
  const leave = (exit: number) => {
    process.exitCode = exit
  }
  addSimulate(program, terminal, leave)
  addReplay(program, terminal, leave)
  for (const command of program.commands) command.addHelpText('after', EXITS)
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    leave(refuse(error))
  }
}

/** Says what is wrong on standard error, and which exit code that is. */
function refuse(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage
  if (error instanceof Refusal) {
    process.stderr.write(
      `${error.message
        .split('\n')
        .map((line) => `slipway: ${line}`)
        .join('\n')}\n`,
    )
    return error.exit
  }
  process.stderr.write(`slipway: this is a mistake of ours: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.bug
}
