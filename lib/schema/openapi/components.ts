import * as z from 'zod'
import * as audit from '../api/audit.ts'
import * as command from '../api/command.ts'
import * as evidence from '../api/evidence.ts'
import * as freeze from '../api/freeze.ts'
import * as manifest from '../api/manifest.ts'
import * as notice from '../api/notice.ts'
import * as people from '../api/people.ts'
import * as records from '../api/records.ts'
import * as rollout from '../api/rollout.ts'
import * as status from '../api/status.ts'
import { manifestSchema } from '../manifest-shape.ts'

/** A JSON Schema (draft 2020-12), as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** The bodies that have names. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  ServiceView: status.serviceViewSchema,
  ServiceList: status.serviceListSchema,
  Gate: status.gateSchema,
  Verb: status.verbSchema,
  Evidence: evidence.evidenceSchema,
  Rollout: rollout.rolloutSchema,
  RolloutView: rollout.rolloutViewSchema,
  RolloutList: rollout.rolloutListSchema,
  StoredManifest: manifest.storedManifestSchema,
  Manifest: manifestSchema,
  ManifestView: manifest.manifestViewSchema,
  ManifestStored: manifest.manifestStoredSchema,
  PlanView: manifest.planViewSchema,
  CommandRequest: command.commandRequestSchema,
  CommandReply: command.commandReplySchema,
  PushRequest: command.pushRequestSchema,
  PushReply: command.pushReplySchema,
  GateView: command.gateViewSchema,
  GateList: command.gateListSchema,
  FreezeView: freeze.freezeViewSchema,
  FreezeList: freeze.freezeListSchema,
  FreezeRequest: freeze.freezeRequestSchema,
  AuditView: audit.auditViewSchema,
  AuditList: audit.auditListSchema,
  AuditVerdict: audit.auditVerdictSchema,
  SignedDigest: audit.signedDigestSchema,
  SignedCut: audit.signedCutSchema,
  DigestList: audit.digestListSchema,
  EventView: records.eventViewSchema,
  EventList: records.eventListSchema,
  BucketPage: records.bucketPageSchema,
  DriftList: records.driftListSchema,
  NoticeView: notice.noticeViewSchema,
  NoticeList: notice.noticeListSchema,
  NoticesRetried: notice.noticesRetriedSchema,
  Me: people.meSchema,
  PersonView: people.personSchema,
  PersonList: people.personListSchema,
  DeliveryReport: people.deliveryReportSchema,
  DoctorReport: people.doctorReportSchema,
  Health: people.healthSchema,
  Readiness: people.readinessSchema,
  Problem: people.problemSchema,
}

const NAME_OF = new Map(Object.entries(NAMED).map(([name, schema]) => [schema, name]))
const AS = { io: 'input', target: 'draft-2020-12' } as const

/** All named bodies, by name; where one holds another it refers to it. */
export function namedSchemas(): Readonly<Record<string, JsonSchema>> {
  const registry = z.registry<{ id: string }>()
  for (const [name, schema] of Object.entries(NAMED)) registry.add(schema, { id: name })
  const { schemas } = z.toJSONSchema(registry, { ...AS, uri: refTo })
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, plain(schema)]))
}

/** A schema where it is used: a reference where it has a name. */
export function schemaOf(schema: z.ZodType): JsonSchema {
  const name = NAME_OF.get(schema)
  return name === undefined ? plain(z.toJSONSchema(schema, AS)) : { $ref: refTo(name) }
}

function refTo(name: string): string {
  return `#/components/schemas/${name}`
}

/** Without what only a document of its own needs. */
function plain({ $schema: _, $id: __, ...schema }: JsonSchema): JsonSchema {
  return readable(schema) as JsonSchema
}

/** Tuples as lists of so many of these: readers of OpenAPI that know no `prefixItems` are many. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [name, readable(member)] as const)
  const { prefixItems, ...rest } = Object.fromEntries(members)
  if (!Array.isArray(prefixItems)) return rest
  const kinds = [...new Set(prefixItems.map((item) => JSON.stringify(item)))].map((text) => JSON.parse(text) as unknown)
  return { ...rest, items: kinds.length === 1 ? kinds[0] : { anyOf: kinds } }
}
