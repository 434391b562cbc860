import { InvalidArgumentError } from 'commander'

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A length of time of an option, e.g. `30m` or `1h30m`, in milliseconds; else a usage error. */
export function lengthOfTime(text: string): number {
  const parts = [...text.matchAll(/(\d{1,6})(s|m|h|d)/g)]
  const ms = parts.reduce((sum, [, count = '', unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0)
  const longest = 30 * 86_400_000
  if (parts.map(([part]) => part).join('') === text && ms > 0 && ms <= longest) return ms
  throw new InvalidArgumentError('Write a length of time like 30m, 1h30m or 2d; 30d at most.')
}

/** A moment of an option: ISO 8601, a day (its beginning, UTC), or how long ago (`24h`); as ISO 8601, else a usage error. */
export function moment(text: string): string {
  if (/^(\d{1,6}[smhd])+$/.test(text)) return new Date(Date.now() - lengthOfTime(text)).toISOString()
  const isMoment = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
  if (isMoment && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString()
  throw new InvalidArgumentError(
    'Write a moment like 2026-11-21T08:00:00Z or 2026-11-21 (UTC), or how long ago: 24h, 7d.',
  )
}
