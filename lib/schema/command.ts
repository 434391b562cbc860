import * as z from 'zod'
import { isBreaking, LEAST_REASON } from '../core/decide/glass.ts'
import { VERBS, type Verb } from '../core/facts.ts'
import { DIGEST, ROLLOUT_ID } from './grammar.ts'
import type { Issue } from './issue.ts'
import { issuesOf } from './zod-issues.ts'

/** What an operator can tell a rollout to do. */
export const COMMAND_VERBS = VERBS

/** The body of an operator's command; null where the caller left a field out. `id` makes asking twice harmless. */
export interface CommandBody {
  readonly id: string | null
  readonly reason: string | null
  /** The rollout that is meant; null means the newest one. */
  readonly rollout: string | null
  /** For approve: the step, from 1, and the digest that are approved. */
  readonly step: number | null
  readonly digest: string | null
  /** For undo: a revision, rollout or tag; null means what served before. */
  readonly to: string | null
  /** Break glass: past freezes and missing approvals, with a reason. False where the verb has nothing to break. */
  readonly override: boolean
}

export type CommandRead =
  | { readonly ok: true; readonly command: CommandBody }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** True when `text` is one of the verbs. */
export function isCommandVerb(text: string): text is Verb {
  return (COMMAND_VERBS as readonly string[]).includes(text)
}

/** True when `text` can stand as a reason: 1–500 characters on one plain line. */
export function isReason(text: string): boolean {
  return line(500).safeParse(text).success
}

const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

const fieldsSchema = z.strictObject({
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
  step: z
    .int({ error: 'must be a whole number; steps count from 1' })
    .min(1, { error: 'must be at least 1; steps count from 1' })
    .max(1000, { error: 'is larger than any plan; steps count from 1' })
    .optional(),
  digest: z
    .string({ error: 'must be text' })
    .regex(DIGEST, { error: 'must be sha256: and 64 lower-case hex digits, as the status shows it' })
    .optional(),
  to: line(128).optional(),
  override: z.boolean({ error: 'must be true or false' }).optional(),
})

const breakingSchema = fieldsSchema.refine(
  ({ override, reason = '' }) => override !== true || reason.trim().length >= LEAST_REASON,
  {
    path: ['reason'],
    error: `must say in ${LEAST_REASON} characters or more why the glass is broken: it stands in the audit for good`,
  },
)

function line(longest: number) {
  return z
    .string({ error: 'must be text' })
    .min(1, { error: 'is empty; leave it out or fill it in' })
    .max(longest, { error: `is longer than ${longest} characters; shorten it` })
    .refine((text) => !UNSAFE.test(text), { error: 'holds control characters; write it as one plain line' })
}

/**
 * Reads the body of a command. No body at all (undefined, null) is a command without id and reason. `override` counts only
 * with a verb that something can hold back. Never throws.
 */
export function readCommand(body: unknown, verb: Verb): CommandRead {
  const breaks = isBreaking(verb)
  const read = (breaks ? breakingSchema : fieldsSchema).safeParse(body ?? {})
  if (!read.success) return { ok: false, issues: issuesOf(read.error, fieldsSchema, body) }
  const {
    id = null,
    reason = null,
    rollout = null,
    step = null,
    digest = null,
    to = null,
    override = false,
  } = read.data
  return { ok: true, command: { id, reason, rollout, step, digest, to, override: override && breaks } }
}
