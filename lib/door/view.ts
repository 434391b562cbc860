import type { ServiceView } from '../api.ts'
import { type Caller, mayDo } from '../core/caller.ts'
import { rightOf } from './routes.ts'

/** A service as it stands, for this caller: with what they may ask for now, and the tag for If-Match of a command. */
export function serviceView(
  { status, etag }: { readonly status: Omit<ServiceView, 'may' | 'etag'>; readonly etag: string },
  caller: Caller,
): ServiceView {
  const place = { environment: status.environment, name: status.service }
  return { ...status, may: status.commands.filter((verb) => mayDo(caller, rightOf(verb), place)), etag }
}
