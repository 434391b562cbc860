import * as z from 'zod'
import type { Issue } from './issue.ts'
import { issuesOf } from './zod-issues.ts'

/** Reads settings one by one. */
export type SettingsReader = ReturnType<typeof settingsReader>

/** Not zero, and below a day. */
const SPAN = /^(?!00:00:00$)([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/
const CRON_FIELD = /^[0-9A-Za-z*,/-]+$/

/** Ways to read one setting each: a wrong or missing one goes to `issues`, its path the name of the setting, and a stand-in is returned. */
export function settingsReader(env: Readonly<Record<string, string | undefined>>, issues: Issue[]) {
  const raw = (name: string): string => env[name]?.trim() ?? ''
  const wrong = (name: string, message: string): void => void issues.push({ path: name, message })
  const text = <T extends string | null>(name: string, fallback: T, pattern: RegExp, message: string): string | T => {
    const value = raw(name)
    if (value === '') return fallback
    if (!pattern.test(value)) wrong(name, message)
    return value
  }
  const json = <T>(name: string, schema: z.ZodType<T>, example: string): T | null => {
    const value = parseJson(raw(name))
    if (value === undefined) {
      wrong(name, `${raw(name) === '' ? 'is not set' : 'is no JSON'}; write it like \`${example}\``)
      return null
    }
    const read = schema.safeParse(value)
    if (read.success) return read.data
    const found = issuesOf(read.error, schema, value)
    for (const { path, message } of found) wrong(name, path === '' ? message : `\`${path}\` ${message}`)
    return null
  }
  return {
    text,
    url(
      name: string,
      fallback: string | null,
      schemes: readonly string[] | ((value: string) => readonly string[]) = ['https:'],
    ): string {
      const value = raw(name) || fallback
      if (value === null) wrong(name, 'is not set; give it the URL of the service, e.g. `https://….core.windows.net`')
      const taken = typeof schemes === 'function' ? schemes(value ?? '') : schemes
      const read = urlSchema(taken).safeParse(value ?? 'https://unset.invalid')
      if (!read.success) wrong(name, read.error.issues[0]?.message ?? 'is no URL')
      return read.data ?? ''
    },
    json,
    /** As `json`, for a setting that may be left out: null then. */
    optionalJson<T>(name: string, schema: z.ZodType<T>, example: string): T | null {
      return raw(name) === '' ? null : json(name, schema, example)
    },
    list(name: string, pattern: RegExp, message: string): readonly string[] {
      const parts = raw(name)
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
      if (parts.some((part) => !pattern.test(part))) wrong(name, message)
      return parts.map((part) => part.toLowerCase())
    },
    cron(name: string, fallback: string): string {
      const value = raw(name) || fallback
      const fields = value.split(/\s+/)
      const isCron = fields.length === 6 && fields.every((field) => CRON_FIELD.test(field))
      if (!isCron) wrong(name, 'must be an NCRONTAB expression of six fields, seconds first, e.g. `0 * * * * *`')
      return value
    },
    /** A length of time as host.json writes it, in milliseconds. */
    span: (name: string, fallback: string): number => spanOf(raw(name) || fallback, (message) => wrong(name, message)),
  }
}

function spanOf(text: string, wrong: (message: string) => void): number {
  const [hours, minutes, seconds] = SPAN.exec(text)?.slice(1).map(Number) ?? []
  if (hours !== undefined && minutes !== undefined && seconds !== undefined)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000
  wrong('must be a length of time like `00:10:00`; one without end is not taken')
  return 0
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Reads a base URL: one of `schemes`, no user, query or fragment; the slash at its end is dropped. */
export function urlSchema(schemes: readonly string[]) {
  return z
    .string({ error: 'must be text' })
    .max(1000, { error: 'is too long' })
    .transform((text, context) => {
      const parsed = URL.canParse(text) ? new URL(text) : null
      const isPlain = parsed !== null && `${parsed.username}${parsed.password}${parsed.search}${parsed.hash}` === ''
      if (parsed !== null && isPlain && schemes.includes(parsed.protocol)) return parsed.href.replace(/\/+$/, '')
      const kinds = schemes.map((scheme) => `${scheme}//`).join(' or ')
      context.addIssue({ code: 'custom', message: `must be a URL with ${kinds}, without user, query and fragment` })
      return z.NEVER
    })
}
