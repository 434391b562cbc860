import * as z from 'zod'

const DURATION = /^(?=.)(?:(\d{1,4})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m(?!s))?(?:(\d{1,9})s)?(?:(\d{1,12})ms)?$/

const UNITS = [86_400_000, 3_600_000, 60_000, 1000, 1] as const

/** The longest duration a manifest may name: 365 days, in milliseconds. */
export const LONGEST_MS = 365 * 86_400_000

const RATIO = /^\d{1,3}(?:\.\d{1,9})?%$/

/** Milliseconds of a duration such as `90s`, `48h`, `7d`, `1h30m` or `500ms`; null when it is none. Units fall from `d` to `ms`. */
export function readDuration(text: string): number | null {
  const match = DURATION.exec(text)
  if (match === null) return null
  return UNITS.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0)
}

/** What a field of duration promises: a description, an example, and the least it may be (milliseconds; 0 unless said). */
interface DurationField {
  readonly description: string
  readonly example: string
  readonly leastMs?: number
}

/** A schema for a duration: text on the way in, milliseconds on the way out. */
export function duration({ description, example, leastMs = 0 }: DurationField) {
  return z
    .string({ error: `must be a duration with its unit, e.g. \`${example}\`` })
    .regex(DURATION, { error: `is no duration; write whole numbers with d, h, m, s or ms, e.g. \`${example}\`` })
    .meta({ description, examples: [example] })
    .transform((text) => readDuration(text) ?? 0)
    .refine((ms) => ms >= leastMs, {
      error: `is too short; the least is ${leastMs >= 1000 ? `${leastMs / 1000}s` : `${leastMs}ms`}`,
    })
    .refine((ms) => ms <= LONGEST_MS, { error: 'is too long; the most is 365d' })
}

/** How a share is spoken of: an example of each way to write it, and what somebody is told who writes 1 or more. */
interface ShareField {
  readonly percent: string
  readonly ratio: number
  readonly whole: string
}

const FEW: ShareField = {
  percent: '0.1%',
  ratio: 0.001,
  whole: 'would let every request fail; write 1 percent as `1%` or `0.01`',
}

/** A schema for a share of requests: `0.1%` or a ratio from 0 to below 1 on the way in, a ratio on the way out. */
export function share(description: string, { percent, ratio, whole }: ShareField = FEW) {
  return z
    .union(
      [
        z
          .string()
          .regex(RATIO, { error: `is no percentage; write it like \`${percent}\`` })
          .meta({ examples: [percent] })
          .transform((text) => Number((Number(text.slice(0, -1)) / 100).toPrecision(12))),
        z
          .number()
          .min(0, { error: 'must not be below 0', abort: true })
          .meta({ examples: [ratio] }),
      ],
      { error: `must be a percentage like \`${percent}\` or a ratio like \`${ratio}\`` },
    )
    .meta({ description })
    .refine((share) => share < 1, { error: whole })
}
