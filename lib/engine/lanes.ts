/** Pieces of work under way at once: storage bears more, and a night is long. */
const LANES = 8

/** Does a piece of work for every item, `lanes` at a time; the answers in the order of the items. */
export async function inLanes<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  lanes = LANES,
): Promise<readonly R[]> {
  const answers: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const place = next
      next += 1
      answers[place] = await work(items[place] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
  return answers
}
