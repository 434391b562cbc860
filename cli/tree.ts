import { Command } from 'commander'
import { EXIT_MEANINGS } from './exit.ts'
import { addAudit, addGovernance } from './tree-govern.ts'
import { addOffline, addSetUp } from './tree-offline.ts'
import { type Act, everyCommand, pathOf } from './tree-parts.ts'
import { addQuarantine } from './tree-quarantine.ts'
import { addChanges, addLooks } from './tree-rollout.ts'

/** The whole tree of commands: help, documents, completion and the program itself are made of it. */
export function createTree(act: Act): Command {
  const program = new Command('slipway')
    .description('Progressive delivery for Azure Container Apps: see, steer and prove rollouts.')
    .usage('<command> [arguments] [options]')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .option('--url <url>', 'where Slipway is; without it SLIPWAY_URL, or the local stack of this folder')
    .option('--token-file <file>', 'a file that holds a bearer token; else see: slipway help environment')
    .option('-e, --environment <name>', 'which environment, where several have a service of that name')
    .option('--json', 'print what the API answered as JSON: slipway help json')
    .option('--no-color', 'no colours; so does NO_COLOR')
    .option('--no-input', 'never ask anything')
    .configureHelp({ showGlobalOptions: true, subcommandTerm })
    .showHelpAfterError('(add --help for what there is)')
    .addHelpText('after', AFTER)
    .exitOverride()
  addLooks(program, act)
  addChanges(program, act)
  addGovernance(program, act)
  addAudit(program, act)
  addQuarantine(program, act)
  addOffline(program, act)
  addSetUp(program, act)
  for (const command of everyCommand(program))
    if (command !== program)
      command.addHelpText('after', `\n${EXIT_LINE}\n`).showHelpAfterError(`(${pathOf(command)} --help tells how)`)
  return program
}

/** A command in a list of commands: without its options, which its own help tells. */
function subcommandTerm(command: Command): string {
  const names = command.registeredArguments.map((one) => {
    const name = `${one.name()}${one.variadic ? '...' : ''}`
    return one.required ? ` <${name}>` : ` [${name}]`
  })
  return `${command.name()}${names.join('')}`
}

const VERSION = '0.1.0'

const EXIT_LINE = `Exit codes: ${EXIT_MEANINGS.map(([code]) => code)
  .filter((code) => code < 100)
  .map((code) => `${code} ${['ok', 'error', 'usage', 'rolled back', 'timed out', 'waits for a person'][code]}`)
  .join(', ')}`

const AFTER = `
${EXIT_LINE}
More: slipway help exit-codes | environment | json. On your own machine: npm start,
and then slipway services in the same folder.
`
