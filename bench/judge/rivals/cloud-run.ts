import { type Count, type Counts, countIn, LIMITS } from '../counts.ts'

const LOOKBACK = 30
const FEWEST_REQUESTS = 100
/** The first look only takes the candidate in; the next one, a minute later, judges it. */
const FIRST_LOOK = 2

/**
 * What Cloud Run Release Manager says of the last 30 minutes: unhealthy where a criterion is not met, however few requests
 * there were; without that, inconclusive below 100 requests. Without any request errors and latency count as 0.
 */
export function diagnose({ total, errors, slow }: Count): 'unhealthy' | 'inconclusive' | 'healthy' {
  if (errors > LIMITS.errors * total || slow > LIMITS.slow * total) return 'unhealthy'
  return total < FEWEST_REQUESTS ? 'inconclusive' : 'healthy'
}

/** Minute (from 0) in which it rolls back, or −1: at the first unhealthy diagnosis, looked for every minute. */
export function cloudRunAborts(counts: Counts): number {
  for (let end = FIRST_LOOK; end <= counts.minutes; end += 1) {
    if (diagnose(countIn(counts.canary, end, LOOKBACK)) === 'unhealthy') return end - 1
  }
  return -1
}
