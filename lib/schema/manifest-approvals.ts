import * as z from 'zod'
import type { Approvals } from '../core/service.ts'
import { duration } from './duration.ts'

const MOST_REQUIRED = 10
const MOST_NAMED = 20

/** Who must agree before a manual gate opens, as a team writes it. */
export const approvalsSchema = z
  .strictObject({
    required: z
      .int({ error: 'must be a whole number of people from 1 to 10' })
      .min(1, { error: 'must be at least 1; leave `approvals` out where any one Approver may open a gate' })
      .max(MOST_REQUIRED, { error: `must be at most ${MOST_REQUIRED}` })
      .prefault(1)
      .meta({ description: 'How many different people must approve before a gate opens.', examples: [2] }),
    from: z
      .array(
        z
          .string({ error: 'must be text: the name or the object id of a person' })
          .trim()
          .min(1, { error: 'is empty; leave it out or fill it in' })
          .max(200, { error: 'is longer than 200 characters' }),
        { error: 'must be a list of names or object ids' },
      )
      .min(1, { error: 'is empty; leave it out to let every Approver approve' })
      .max(MOST_NAMED, { error: `has more than ${MOST_NAMED} items; leave some out` })
      .meta({
        description:
          'The only ones who may approve, by name (`ada@example.com`) or object id; without it, every Approver.',
        examples: [['ada@example.com', 'bo@example.com', 'cy@example.com']],
      })
      .optional(),
    notAuthor: z
      .boolean({ error: 'must be true or false' })
      .prefault(false)
      .meta({
        description:
          'Whether the author of the push may not approve it. Where nobody knows the author, one more approval is asked for.',
        examples: [true],
      }),
    validFor: duration({
      description: 'How long an approval counts; without it, as long as the gate waits.',
      example: '24h',
      leastMs: 60_000,
    }).optional(),
  })
  .superRefine(({ required, from, notAuthor }, context) => {
    if (from === undefined || from.length === 0) return
    const message = fromTrouble(from, required, notAuthor)
    if (message !== null) context.addIssue({ code: 'custom', message, path: ['from'] })
  })
  .meta({
    title: 'Approvals',
    description: 'What it takes to open a manual gate (`pause: {}`). While it is there, nobody promotes past a gate.',
  })

/** As the engine knows them. */
export function toApprovals(content: z.output<typeof approvalsSchema> | undefined): Approvals | null {
  if (content === undefined) return null
  const { required, from = null, notAuthor, validFor = null } = content
  return { required, from, notAuthor, validForMs: validFor }
}

function fromTrouble(from: readonly string[], required: number, notAuthor: boolean): string | null {
  const different = new Set(from.map((name) => name.toLowerCase()))
  if (different.size < from.length) return 'names somebody twice; everybody counts once'
  if (from.length < required) return `names ${from.length}, but ${required} are required: the gate could never open`
  if (!notAuthor || from.length > required) return null
  return `names ${from.length}, and one of them may be the author: with \`notAuthor\` it needs ${required + 1} or more`
}
