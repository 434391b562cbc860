import { type Command, Option } from 'commander'
import { moment } from './moments.ts'
import { wholeNumber } from './options.ts'
import { type Act, changing } from './tree-parts.ts'

/** Commands about gates, freezes and how delivery goes. */
export function addGovernance(program: Command, act: Act): void {
  program.commandsGroup('Govern:')
  program
    .command('approvals')
    .summary('gates that wait, and who may open them')
    .description('Lists the gates that wait for a yes: who gave one, who may, and the command that does.')
    .action(act(async () => (await import('./commands/approvals-list.ts')).run))
  addFreezes(program, act)
  addPeople(program, act)
  program
    .command('delivery')
    .summary('how often, how fast and how safely')
    .description('Tells deployments, lead time, failed changes and time to restore, from the audit alone.')
    .option('--service <name>', 'of one service only')
    .option('--since <moment>', 'from when on: 2026-11-01, or how long ago: 30d', moment)
    .option('--until <moment>', 'up to when', moment)
    .action(act(async () => (await import('./commands/delivery-show.ts')).run))
}

function addFreezes(program: Command, act: Act): void {
  const freeze = program
    .command('freeze')
    .summary('times in which nothing new takes traffic')
    .description('Freezes hold new traffic back. They never hold back an abort, a rollback or an undo.')
  freeze
    .command('list')
    .summary('all freezes')
    .description('Lists the freezes, and which of them hold now.')
    .action(act(async () => (await import('./commands/freeze-list.ts')).run))
  changing(freeze.command('add'))
    .summary('freeze for a time, once or again and again')
    .description('Adds a freeze: once (--from, --until), or whenever a cron says (--cron, --time-zone, --duration).')
    .option('--service <name...>', 'for these services only; else for all of the environment')
    .option('--from <moment>', 'once: when it begins, ISO 8601')
    .option('--until <moment>', 'once: when it ends, ISO 8601')
    .option('--cron <fields>', 'again and again: when it begins, five fields, e.g. "0 18 * * 5"')
    .option('--time-zone <zone>', 'of the cron, e.g. Europe/Berlin')
    .option('--duration <length>', 'of each time, e.g. 62h')
    .option('--id <id>', 'a name of its own, e.g. xmas; else one is made')
    .action(
      act(async () => {
        const { run } = await import('./commands/freeze-add.ts')
        return (call) => run('add', call)
      }),
    )
  changing(freeze.command('stop'))
    .summary('stop the line until the freeze is lifted')
    .description('Stops an environment, or some services of it, until somebody lifts the freeze.')
    .option('--service <name...>', 'these services only; else all of the environment')
    .option('--id <id>', 'a name of its own; else one is made')
    .action(
      act(async () => {
        const { run } = await import('./commands/freeze-add.ts')
        return (call) => run('stop', call)
      }),
    )
  changing(freeze.command('lift'))
    .summary('end a freeze')
    .description('Ends a freeze; what it held goes on.')
    .argument('<id>', 'as slipway freeze list tells it')
    .action(act(async () => (await import('./commands/freeze-lift.ts')).run))
}

function addPeople(program: Command, act: Act): void {
  const people = program
    .command('people')
    .summary('who stands behind the pseudonyms of the audit')
    .description('People stand under pseudonyms in all that is stored. Who they are is kept apart, and can be erased.')
  people
    .command('list')
    .summary('everybody, or who is called so')
    .description('Lists who stands behind pseudonyms: all, or those with this name, object id or pseudonym.')
    .argument('[called]', 'a name, an object id or a pseudonym')
    .action(act(async () => (await import('./commands/people-list.ts')).run))
  changing(people.command('erase'))
    .summary('forget somebody for good')
    .description(
      'Takes everybody who is called so out of the lookup. The audit stays as it is, and valid; it says “erased person” from then on.',
    )
    .argument('<called>', 'a name, an object id or a pseudonym')
    .action(act(async () => (await import('./commands/people-erase.ts')).run))
}

/** Commands that read and prove the audit. */
export function addAudit(program: Command, act: Act): void {
  const audit = program
    .command('audit')
    .summary('what was decided, by whom and why')
    .description('Reads and proves the audit: append-only, one chain of hashes per service.')
  filtered(audit.command('list'))
    .summary('rows, newest first')
    .description('Lists rows of the audit, newest first.')
    .option('--limit <number>', 'how many', wholeNumber(1, 10_000), 30)
    .action(act(async () => (await import('./commands/audit-list.ts')).run))
  audit
    .command('explain')
    .summary('one row with its evidence, or a rollout as sentences')
    .description('Tells all that a row rests on (production/pricing#21), or a whole rollout (pricing-7), oldest first.')
    .argument('<row|rollout>', 'a row, or a rollout')
    .action(act(async () => (await import('./commands/audit-explain.ts')).run))
  audit
    .command('verify')
    .summary('prove on this machine that nothing was changed')
    .description(
      'Walks every chain here, row by row, and compares with the heads that the service keeps and with the signed digests: says from when to when history is proven. Exit code 1 where something is broken.',
    )
    .option('--service <name>', 'of one service only')
    .action(act(async () => (await import('./commands/audit-verify.ts')).run))
  filtered(audit.command('export'))
    .summary('every row, as CSV or JSON lines')
    .description('Writes every row that fits, newest first, page by page.')
    .addOption(
      new Option('--format <format>', 'csv, or jsonl: one JSON object a line').choices(['csv', 'jsonl']).default('csv'),
    )
    .option('-o, --output <file>', 'a new file; else standard output')
    .action(act(async () => (await import('./commands/audit-export.ts')).run))
  program
    .command('events')
    .summary('what became of everything that was sent')
    .description('Lists what registries and people sent, newest first: the rollout it began, or why it began none.')
    .option('--limit <number>', 'how many', wholeNumber(1, 10_000), 30)
    .action(act(async () => (await import('./commands/events-list.ts')).run))
}

function filtered(command: Command): Command {
  return command
    .option('--service <name>', 'of one service only')
    .option('--rollout <id>', 'of one rollout only, e.g. pricing-7')
    .option('--kind <kind>', 'of one kind only, e.g. rollback-started')
    .option('--since <moment>', 'from when on: 2026-11-21T08:00:00Z, or how long ago: 24h', moment)
    .option('--until <moment>', 'up to when, exclusive', moment)
}
