import { type Command, Option } from 'commander'
import { type Act, changing } from './tree-parts.ts'

/** Commands about what cannot be read or acted on. */
export function addQuarantine(program: Command, act: Act): void {
  const quarantine = program
    .command('quarantine')
    .summary('rows and messages that cannot be read or acted on')
    .description('What was set aside: corrupt rows, rows of a later build, messages that failed for good.')
  quarantine
    .command('list')
    .summary('what is there, and why')
    .description('Lists what is in quarantine; what was dismissed only with --state dismissed.')
    .option('--service <name>', 'of one service only')
    .addOption(new Option('--state <state>', 'only what stands so').choices(['waiting', 'redriven', 'dismissed']))
    .action(act(async () => (await import('./commands/quarantine-list.ts')).run))
  quarantine
    .command('show')
    .summary('one item, whole')
    .description('Tells all of one item: where it lies, what is wrong, how often it was tried, what a message says.')
    .argument('<id>', 'as slipway quarantine list tells it')
    .action(act(async () => (await import('./commands/quarantine-show.ts')).run))
  changing(quarantine.command('redrive'))
    .summary('try again')
    .description('Reads a row again where it lies, or puts a message back into its queue.')
    .argument('<id>', 'as slipway quarantine list tells it')
    .action(act(async () => (await import('./commands/quarantine-redrive.ts')).run))
  changing(quarantine.command('dismiss'))
    .summary('wait for it no more')
    .description('Nobody waits for it any more. A row stays where it lies; --reason goes into the audit.')
    .argument('<id>', 'as slipway quarantine list tells it')
    .action(act(async () => (await import('./commands/quarantine-dismiss.ts')).run))
}
