import type { Notice } from './core/notice.ts'
import type { Quarantined, Suspect } from './core/quarantine.ts'
import type { Page } from './ports-page.ts'

/** An item of the quarantine, and the token that its next state must bring back. */
export interface QuarantinedLoaded {
  readonly item: Quarantined
  /** Opaque to everyone but the store. */
  readonly token: unknown
}

/** What cannot be read or acted on, kept for people. `environment` null = what is of no environment. All methods throw Fault. */
export interface Quarantine {
  find(environment: string | null, id: string): Promise<QuarantinedLoaded | null>
  /** Stores an item under its id; `token` null = it must not be there yet. `conflict`: somebody else was faster, nothing was stored. */
  keep(item: Quarantined, token: unknown): Promise<'saved' | 'conflict'>
  /** Takes an item out for good; nothing where it is gone. `conflict`: it was changed meanwhile. */
  remove(item: Quarantined, token: unknown): Promise<'saved' | 'conflict'>
  /** All items, in the order of their ids, which says nothing. */
  items(environment: string | null, limit: number, from: string | null): Promise<Page<QuarantinedLoaded>>
  /** Reads a row again where it lies; null = it can be read, or is gone. */
  examine(item: Quarantined): Promise<Suspect | null>
}

/** Puts a message back into the queue that it came from. Throws Fault. */
export interface Requeue {
  send(queue: string, content: string): Promise<void>
}

/** A notice that was stored with its decision and has not been handed out to sinks yet. */
export interface Unsent {
  readonly notice: Notice
  /** Opaque to everyone but the store. */
  readonly token: unknown
}

/** A notice on its way to one sink. Keeps its place in the sink's line until the sink has it or it is given up. */
export interface Parcel {
  readonly environment: string
  readonly sink: string
  readonly notice: Notice
  /** When it came into the line. */
  readonly queuedAt: number
  /** How often it was tried in vain. */
  readonly tries: number
  readonly lastError: string | null
  /** When it was given up; null = it waits. */
  readonly deadAt: number | null
}

/** How a sink has done of late. One row per environment and sink: whoever writes it has the sink for itself. */
export interface SinkState {
  /** Until when one dispatcher has the sink for itself; 0 = nobody has. */
  readonly leasedUntil: number
  /** Refusals in a row. */
  readonly failures: number
  /** Since when it has taken nothing; null = it is well. */
  readonly failingSince: number | null
  /** Nothing is tried before this. */
  readonly pausedUntil: number
  readonly lastError: string | null
}

/** A sink's state, and the token that a new state must bring back. */
export interface SinkLoaded {
  readonly state: SinkState
  /** Opaque to everyone but the store. */
  readonly token: unknown
}

/**
 * Where notices wait until every sink has them. They come in with `RolloutStore.commit`, are handed out to a line per sink,
 * and leave a line when the sink has them or when they are given up. All methods throw Fault.
 */
export interface Outbox {
  /** Notices that were not handed out yet, oldest first. */
  unsent(environment: string, limit: number): Promise<readonly Unsent[]>
  /** Moves a notice into the lines of these sinks, in one transaction. `conflict`: somebody else did. */
  handOut(unsent: Unsent, sinks: readonly string[], now: number): Promise<'saved' | 'conflict'>
  /** The beginning of a sink's line, oldest first. */
  line(environment: string, sink: string, limit: number): Promise<readonly Parcel[]>
  sink(environment: string, sink: string): Promise<SinkLoaded>
  /** The token for the next state, or null: somebody else wrote it since. */
  keepSink(
    environment: string,
    sink: string,
    state: SinkState,
    token: unknown,
  ): Promise<{ readonly token: unknown } | null>
  /** Takes a parcel out of its line: the sink has it. `thread` is what the sink calls the conversation; null = nothing new. */
  delivered(parcel: Parcel, thread: string | null): Promise<void>
  /** Writes down that a parcel was tried in vain; with `deadAt` it leaves the line for the list of those that were given up. */
  failed(parcel: Parcel): Promise<void>
  /** What the sink calls the conversation about this rollout, service or environment; null = it has none yet. */
  thread(environment: string, sink: string, thread: string): Promise<string | null>
  /** Parcels that wait or (`dead`) were given up, of all sinks, by sink and then oldest first. */
  parcels(environment: string, dead: boolean, limit: number, from: string | null): Promise<Page<Parcel>>
  /** Puts a parcel that was given up back into its line, as new. */
  revive(parcel: Parcel, now: number): Promise<void>
}

/** One place outside that is told. */
export interface Notifier {
  /** Whether the place knows conversations, so that all about one rollout stands together. */
  readonly hasThreads: boolean
  /**
   * Tells one notice; `thread` is what an earlier answer called the conversation. Returns what it is called now, or null
   * where the place knows no conversations. Throws Fault: `malformed` = this notice is refused for good; anything else =
   * the place takes nothing now.
   */
  tell(notice: Notice, thread: string | null): Promise<string | null>
}
