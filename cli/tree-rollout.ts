import type { Command } from 'commander'
import type { Verb } from '../lib/core/facts.ts'
import { lengthOfTime } from './moments.ts'
import { wholeNumber } from './options.ts'
import { type Act, changing } from './tree-parts.ts'

const HALF_AN_HOUR_MS = 1_800_000

/** Commands that look at services and rollouts. */
export function addLooks(program: Command, act: Act): void {
  program.commandsGroup('See:')
  program
    .command('services')
    .summary('every service in one line')
    .description('Lists the services that you may see: where each stands, at which step, and what comes next.')
    .action(act(async () => (await import('./commands/services-list.ts')).run))
  program
    .command('get')
    .summary('a service or a rollout on one screen')
    .description(
      'Shows what is going on, why, what comes next and when, and how to stop it; weights wanted and actual, KPIs with limits and evidence, gates, freezes. A rollout is written like pricing-7.',
    )
    .argument('<service|rollout>', 'a service, or one of its rollouts')
    .option(
      '-w, --watch',
      'renew it until Ctrl-C, or until the rollout that was named is over; a line per change in a pipe',
    )
    .action(act(async () => (await import('./commands/rollout-get.ts')).run))
  program
    .command('rollouts')
    .summary('past and present rollouts of a service')
    .description('Lists the rollouts of a service, newest first.')
    .argument('<service>', 'a service')
    .option('--limit <number>', 'how many', wholeNumber(1, 10_000), 20)
    .action(act(async () => (await import('./commands/rollouts-list.ts')).run))
  program
    .command('status')
    .summary('where it stands, in one line and in the exit code')
    .description(
      'For pipelines: says where a service or a rollout stands. With --wait it says every change and ends when the rollout is promoted (0), rolled back or aborted (3), or waits for a person (5); 4 when the time is over.',
    )
    .argument('<service|rollout>', 'a service, or one of its rollouts')
    .option('--wait', 'wait until it is decided')
    .option('--timeout <length>', 'with --wait: for how long at most, e.g. 30m', lengthOfTime, HALF_AN_HOUR_MS)
    .option('--tag <tag>', 'with --wait: wait for the rollout of this tag to come first')
    .action(act(async () => (await import('./commands/rollout-status.ts')).run))
}

/** Commands that steer rollouts. */
export function addChanges(program: Command, act: Act): void {
  program.commandsGroup('Steer:')
  changing(program.command('push'))
    .summary('say that there is a new image')
    .description(
      'Says what a registry would say: that there is a new image. Slipway asks the registry for the digest in any case. On the local stack no digest is needed: an image is made and published.',
    )
    .argument('<service>', 'a service')
    .argument('<tag>', 'the tag of the image')
    .option('--digest <digest>', 'sha256: and 64 hexadecimal digits')
    .option('--wait', 'wait until the rollout is decided, as status --wait does')
    .option('--timeout <length>', 'with --wait: for how long at most', lengthOfTime, HALF_AN_HOUR_MS)
    .option('--slow', 'local stack only: the image answers slowly')
    .option('--failing', 'local stack only: the image answers with errors')
    .action(act(async () => (await import('./commands/image-push.ts')).run))
  for (const verb of Object.keys(COMMANDS) as readonly Verb[]) addCommand(program, act, verb)
}

const COMMANDS = {
  approve: [
    'say yes to the gate that a rollout waits at',
    'Approves the step that waits, with the digest that waits: a yes to nothing else.',
  ],
  promote: [
    'go on: past a gate, a pause, or unclear KPIs',
    'Lets a rollout go on. With --full the canary takes all traffic at once.',
  ],
  pause: ['stay at the present weights', 'Keeps the weights as they are until resume, promote or abort.'],
  resume: ['go on after a pause', 'Lets a rollout that was paused go on from where it was.'],
  abort: [
    'take the canary out, at once',
    'Takes all traffic from the canary. It asks nothing, and no freeze holds it back.',
  ],
  retry: [
    'roll the same image out again',
    'Rolls the image of a rollout that was rolled back or aborted out again, from the first step.',
  ],
  undo: ['bring an earlier release back', 'Brings what served before back, with all traffic. No freeze holds it back.'],
} as const

function addCommand(program: Command, act: Act, verb: Verb): void {
  if (verb === 'promote-full') return
  const [summary, description] = COMMANDS[verb]
  const command = changing(program.command(verb))
    .summary(summary)
    .description(description)
    .argument('<service|rollout>', 'a service, or its newest rollout by name')
  if (verb === 'promote') {
    command.option('--full', 'all traffic at once: leave out the steps, bakes and gates to come')
    command.option('--override', 'break glass: past freezes and missing approvals; Admin only, with --reason')
  }
  if (verb === 'undo')
    command.option('--to-revision <name>', 'a revision, a rollout (pricing-5) or a tag to go back to')
  command.action(
    act(async () => {
      const { run } = await import('./commands/rollout-command.ts')
      return (call) => run(verb, call)
    }),
  )
}
