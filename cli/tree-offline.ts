import { Argument, type Command, Option } from 'commander'
import { wholeNumber } from './options.ts'
import { type Act, changing } from './tree-parts.ts'

/** Commands about manifests, and those that ask what would be. */
export function addOffline(program: Command, act: Act): void {
  program.commandsGroup('Plan:')
  program
    .command('lint')
    .summary('whether manifests are right, without asking anybody')
    .description('Checks manifests offline and tells every mistake with file, line and column.')
    .argument('<file...>', 'manifests in YAML or JSON; - is standard input')
    .action(act(async () => (await import('./commands/manifest-lint.ts')).run))
  program
    .command('plan')
    .summary('what a manifest would change and do')
    .description('Asks Slipway what storing this manifest, and the next push with it, would do. Nothing is stored.')
    .argument('<file>', 'a manifest; - is standard input')
    .action(act(async () => (await import('./commands/manifest-plan.ts')).run))
  const manifest = program
    .command('manifest')
    .summary('the manifests that are stored')
    .description('Reads and stores manifests.')
  manifest
    .command('get')
    .summary('the newest one as YAML')
    .description('Prints the newest manifest of a service as YAML, ready to be changed and put.')
    .argument('<service>', 'a service')
    .action(act(async () => (await import('./commands/manifest-get.ts')).run))
  changing(manifest.command('put'))
    .summary('show what would change, ask, store')
    .description(
      'Shows what would change and happen, asks, and stores. It never writes over what somebody else stored meanwhile.',
    )
    .argument('<file>', 'a manifest; - is standard input')
    .action(act(async () => (await import('./commands/manifest-put.ts')).run))
  addSimulate(program, act)
  addReplay(program, act)
}

function addSimulate(program: Command, act: Act): void {
  program
    .command('simulate')
    .summary('play a rollout through the judge, without Azure')
    .description(
      'Plays a rollout through the judge and the rules of a manifest, without Azure: on buckets of your own (--manifest with --buckets), or on a scenario of the judge’s proof (--scenario, with or without --manifest).',
    )
    .option('--manifest <file>', 'manifest of the service, YAML')
    .option('--buckets <file>', 'CSV with minute,kpi,arm,bad,total (and value for gauges); - is standard input')
    .option('--scenario <name>', 'scenario to play; --list prints them')
    .option('--seed <number>', 'which of the scenario’s soaks', wholeNumber(0, 0xffff_ffff), 1)
    .addOption(gates())
    .option('--list', 'print the scenarios')
    .option('--verbose', 'print every bucket, not only those where something changed')
    .action(act(async () => (await import('./commands/simulate.ts')).run))
}

function addReplay(program: Command, act: Act): void {
  program
    .command('replay')
    .summary('judge a past rollout anew under a changed manifest')
    .description(
      'Judges the buckets of a past rollout anew, under the manifest it had and under a changed one, and shows both: “would 2 % have caught it earlier?” The buckets come from the service (--service, --rollout) or from a file (--buckets).',
    )
    .option('--manifest <file>', 'the manifest to judge under; with --service, left out, the one that the rollout had')
    .option('--buckets <file>', 'CSV with minute,kpi,arm,bad,total (and value for gauges); - is standard input')
    .option('--recorded <file>', 'with --buckets: the manifest under which they were measured, where it was another')
    .option('--service <name>', 'whose rollout')
    .option('--rollout <number>', 'which of its rollouts', wholeNumber(1, 1_000_000_000))
    .option('--weight <percent>', 'as if the first step had sent less; thins the canary’s events', wholeNumber(1, 100))
    .option('--seed <number>', 'which events stay when they are thinned', wholeNumber(0, 0xffff_ffff), 1)
    .addOption(gates())
    .option('--verbose', 'print every bucket, not only those where something changed')
    .action(act(async () => (await import('./commands/replay.ts')).run))
}

function gates(): Option {
  return new Option('--gates <what>', 'manual gates: open them at once, or wait there')
    .choices(['open', 'wait'])
    .default('open')
}

/** Commands about the installation and the command itself. */
export function addSetUp(program: Command, act: Act): void {
  program.commandsGroup('Set up:')
  program
    .command('doctor')
    .summary('what is not set up right, and the command that mends it')
    .description(
      'Checks identity, roles, app modes and diagnostic settings, and prints the az command that mends each finding. Exit code 1 where one is an error.',
    )
    .action(act(async () => (await import('./commands/doctor-run.ts')).run))
  program
    .command('whoami')
    .summary('who you are for Slipway, and your roles')
    .description('Prints who the service takes you for, and which roles you have where.')
    .action(act(async () => (await import('./commands/caller-show.ts')).run))
  program
    .command('open')
    .summary('where the dashboard is')
    .description('Prints the address of the dashboard, or of a service or a rollout on it.')
    .argument('[service|rollout]', 'a service, or one of its rollouts')
    .action(act(async () => (await import('./commands/dashboard-open.ts')).run))
  program
    .command('completion')
    .summary('completion for your shell')
    .description(
      'Prints a script that completes commands, options and names of services. bash: source <(slipway completion bash); zsh: slipway completion zsh > ~/.zfunc/_slipway; fish: slipway completion fish > ~/.config/fish/completions/slipway.fish',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .action(
      act(async (tree) => {
        const { printCompletion } = await import('./commands/completion-print.ts')
        return (call) => printCompletion(tree, call)
      }),
    )
  program
    .command('help')
    .summary('help on a command, or on exit-codes, environment, json')
    .description('Prints the help of a command, or a topic: exit-codes, environment, json.')
    .argument('[word...]', 'a command or a topic')
    .action(
      act(async (tree) => {
        const { help } = await import('./commands/help-show.ts')
        return (call) => help(tree, call)
      }),
    )
}
