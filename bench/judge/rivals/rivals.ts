import { type Counts, LIMITS } from '../counts.ts'
import { argoAborts } from './argo.ts'
import { burnRateAborts } from './burn-rate.ts'
import { cloudRunAborts } from './cloud-run.ts'
import { flaggerAborts } from './flagger.ts'
import { zPeekAborts } from './z-peek.ts'

/** Three times the errors, twice the slow requests: limits that keep Argo and Flagger quiet on steady traffic. */
const LOOSE = { errors: 3 * LIMITS.errors, slow: 2 * LIMITS.slow }

/** Every judge that looks at counts, as the tables name it: the minute (from 0) in which it aborts, or −1. */
export const RIVALS: Readonly<Record<string, (counts: Counts) => number>> = {
  'Argo 5m/fl3': (counts) => argoAborts({ interval: 5, window: 5, delay: 0, failureLimit: 3, limits: LIMITS }, counts),
  'Argo 1m/fl0': (counts) => argoAborts({ interval: 1, window: 1, delay: 0, failureLimit: 0, limits: LIMITS }, counts),
  'Argo tuned': (counts) => argoAborts({ interval: 5, window: 60, delay: 10, failureLimit: 3, limits: LIMITS }, counts),
  'Flagger 1m/5': (counts) => flaggerAborts({ interval: 1, window: 1, delay: 0, threshold: 5, limits: LIMITS }, counts),
  'Flagger tuned': (counts) =>
    flaggerAborts({ interval: 5, window: 60, delay: 10, threshold: 5, limits: LIMITS }, counts),
  'CloudRun RM': cloudRunAborts,
  'SRE burn': burnRateAborts,
  'z-peek': zPeekAborts,
  'Argo loose': (counts) => argoAborts({ interval: 1, window: 15, delay: 10, failureLimit: 3, limits: LOOSE }, counts),
  'Flagger loose': (counts) =>
    flaggerAborts({ interval: 1, window: 15, delay: 10, threshold: 10, limits: LOOSE }, counts),
}
