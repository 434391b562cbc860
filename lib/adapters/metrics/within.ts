/** What `within` throws when the wait is over. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut'
}

/**
 * The outcome of `work`, or TimedOut after `ms`. The work itself is not stopped; whatever it still does is ignored.
 */
export async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const bell = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimedOut(`no answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, bell])
  } finally {
    clearTimeout(timer)
  }
}
