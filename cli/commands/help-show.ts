import type { Command } from 'commander'
import { didYouMean } from '../../lib/schema/did-you-mean.ts'
import type { Call } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { TOPICS } from '../topics.ts'
import { clean } from '../words.ts'

/** `slipway help`: a command's help, or a topic's. */
export async function help(program: Command, { io, args }: Call): Promise<number> {
  const words = args as readonly string[]
  const topic = TOPICS[words[0] ?? '']
  if (topic !== undefined) {
    io.write(topic.text())
    return EXIT.ok
  }
  let command: Command = program
  for (const word of words) {
    const next: Command | undefined = command.commands.find(
      (one) => one.name() === word || one.aliases().includes(word),
    )
    if (next === undefined) {
      const known = [...command.commands.map((one) => one.name()), ...Object.keys(TOPICS)]
      throw new Refusal(
        EXIT.usage,
        `there is no help on ${clean(word, 60)}.${didYouMean(word, known)} Topics: ${Object.keys(TOPICS).join(', ')}.`,
      )
    }
    command = next
  }
  io.write(command.helpInformation().trimEnd())
  return EXIT.ok
}
