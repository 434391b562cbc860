import type { PushRequest } from '../api.ts'
import { pushRequestSchema } from './api/command.ts'
import type { Issue } from './issue.ts'
import { issuesOf } from './zod-issues.ts'

export type PushRequestRead =
  | { readonly ok: true; readonly push: PushRequest }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** Reads the body of a push by hand. Never throws. */
export function readPushRequest(body: unknown): PushRequestRead {
  const read = pushRequestSchema.safeParse(body)
  return read.success
    ? { ok: true, push: read.data }
    : { ok: false, issues: issuesOf(read.error, pushRequestSchema, body) }
}
