import * as z from 'zod'
import { ROLLOUT_ID } from './grammar.ts'
import type { Issue } from './issue.ts'
import { issuesOf } from './zod-issues.ts'

/** What an operator can tell a rollout to do. */
export const COMMAND_VERBS = ['promote', 'promote-full', 'pause', 'resume', 'abort', 'retry'] as const

export type CommandVerb = (typeof COMMAND_VERBS)[number]

/** The body of an operator's command; null where the caller left a field out. `id` makes asking twice harmless. */
export interface CommandBody {
  readonly id: string | null
  readonly reason: string | null
  /** The rollout that is meant; null means the newest one. */
  readonly rollout: string | null
}

export type CommandRead =
  | { readonly ok: true; readonly command: CommandBody }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** True when `text` is one of the six verbs. */
export function isCommandVerb(text: string): text is CommandVerb {
  return (COMMAND_VERBS as readonly string[]).includes(text)
}

const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

const commandSchema = z.strictObject({
  id: z
    .string({ error: 'must be text' })
    .regex(/^[\x20-\x7e]{1,128}$/, { error: 'must be 1–128 printable ASCII characters, e.g. a UUID' })
    .optional(),
  actor: z.never({ error: 'is not yours to say: it is whoever the token names; leave it out' }).optional(),
  reason: line(500).optional(),
  rollout: z
    .string({ error: 'must be text' })
    .regex(ROLLOUT_ID, { error: 'is no rollout id; write it as the status shows it, e.g. `pricing-7`' })
    .optional(),
})

function line(longest: number) {
  return z
    .string({ error: 'must be text' })
    .min(1, { error: 'is empty; leave it out or fill it in' })
    .max(longest, { error: `is longer than ${longest} characters; shorten it` })
    .refine((text) => !UNSAFE.test(text), { error: 'holds control characters; write it as one plain line' })
}

/** Reads a command's body. No body at all (undefined, null) is a command without id and reason. Never throws. */
export function readCommand(body: unknown): CommandRead {
  const read = commandSchema.safeParse(body ?? {})
  if (!read.success) return { ok: false, issues: issuesOf(read.error, commandSchema, body) }
  const { id = null, reason = null, rollout = null } = read.data
  return { ok: true, command: { id, reason, rollout } }
}
