/** How many asks go into one text to a workspace: all of them, and fewer where a text about many has failed. */
export interface Portions {
  /** The most asks that a text may hold now, of so many in all. */
  most(workspace: string, asks: number): number
  /** Takes note of what came of the texts of one read: how many asks the largest of those held that failed; 0 = none did. */
  note(workspace: string, asks: number, failed: number): void
}

/** So many texts a read may be split into: the search for what spoils a text must not become a storm. */
const MOST_TEXTS = 16

/**
 * Portions that halve with each read in which a text about several failed, and double with each in which none did: what makes
 * a text fail takes fewer and fewer neighbours along.
 */
export function createPortions(): Portions {
  const portions = new Map<string, number>()
  return {
    most: (workspace, asks) => Math.max(portions.get(workspace) ?? asks, Math.ceil(asks / MOST_TEXTS), 1),
    note: (workspace, asks, failed) => {
      const before = portions.get(workspace)
      if (failed > 1) portions.set(workspace, Math.ceil(failed / 2))
      else if (failed === 0 && before !== undefined && before * 2 < asks) portions.set(workspace, before * 2)
      else if (failed === 0) portions.delete(workspace)
    },
  }
}
