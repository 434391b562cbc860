import * as z from 'zod'
import type {
  DeliveryReport,
  DeliveryView,
  DoctorReport,
  Finding,
  ListOf,
  Me,
  PersonView,
  ProblemView,
  Spread,
} from '../../api.ts'
import type { Role } from '../../core/caller.ts'
import { figure, listOf, moment, nameSchema, wordsOf } from './parts.ts'

const namesOrAll = z.array(z.string()).nullable().meta({ description: 'Null = everywhere.' })

/** Who the caller is. */
export const meSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    kind: z.enum(['person', 'machine']),
    grants: z.array(
      z.strictObject({
        role: wordsOf<Role>({ viewer: true, operator: true, approver: true, admin: true }),
        environments: namesOrAll,
        services: namesOrAll,
      }),
    ),
  })
  .meta({ description: 'Who asks, and what they may.' }) satisfies z.ZodType<Me>

/** Somebody who stands under a pseudonym. */
export const personSchema = z
  .strictObject({
    pseudonym: z.string().regex(/^person:[0-9a-z]{16}$/),
    kind: z.enum(['account', 'word']),
    key: z.string(),
    name: z.string(),
    since: moment(),
  })
  .meta({ description: 'Somebody who stands under a pseudonym.' }) satisfies z.ZodType<PersonView>

/** One page of people. */
export const personListSchema = listOf(personSchema) satisfies z.ZodType<ListOf<PersonView>>

const spread = z.strictObject({
  cases: z.int().min(0),
  medianMs: figure.nullable(),
  p90Ms: figure.nullable(),
}) satisfies z.ZodType<Spread>

const delivery = z.strictObject({
  environment: nameSchema,
  service: z.string().nullable(),
  deployments: z.int().min(0),
  deploymentsPerDay: figure,
  leadTime: spread,
  changeFailure: z.strictObject({ failed: z.int(), total: z.int(), ratio: figure.nullable() }),
  timeToRestore: spread,
}) satisfies z.ZodType<DeliveryView>

/** The four measures of delivery. */
export const deliveryReportSchema = z
  .strictObject({ from: moment(), to: moment(), items: z.array(delivery) })
  .meta({ description: 'How often, how fast and how safely was delivered.' }) satisfies z.ZodType<DeliveryReport>

const finding = z.strictObject({
  check: z.string(),
  subject: z.string(),
  result: z.enum(['ok', 'warning', 'error', 'unknown']),
  message: z.string(),
  fix: z.string().nullable(),
}) satisfies z.ZodType<Finding>

/** What the doctor found. */
export const doctorReportSchema = z.strictObject({ findings: z.array(finding) }).meta({
  description: 'What is not set up as it should be, with the command that mends it.',
}) satisfies z.ZodType<DoctorReport>

/** RFC 9457. */
export const problemSchema = z
  .strictObject({
    type: z
      .string()
      .regex(/^https:\/\/slipway\.dev\/problems\/[a-z-]+$/)
      .meta({ format: 'uri' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    instance: z.string(),
    requestId: z.string(),
    errors: z
      .array(
        z.strictObject({
          path: z.string(),
          message: z.string(),
          line: z.int().min(1).exactOptional(),
          column: z.int().min(1).exactOptional(),
        }),
      )
      .exactOptional(),
  })
  .meta({ description: 'A problem document (RFC 9457).' }) satisfies z.ZodType<ProblemView>

const part = z.enum(['ok', 'not ok'])

/** Whether the app is up. */
export const healthSchema = z.strictObject({ status: z.literal('ok') }).meta({ description: 'The app answers.' })

/** Whether the app can do its work. */
export const readinessSchema = z
  .strictObject({
    status: part,
    parts: z.strictObject({ settings: part, tables: part, queues: part, secrets: part }),
  })
  .meta({ description: 'Whether what the app needs can be reached.' })
