import * as z from 'zod'
import { commandReplySchema, commandRequestSchema, pushReplySchema, pushRequestSchema } from '../api/command.ts'
import { manifestStoredSchema, manifestViewSchema, planViewSchema } from '../api/manifest.ts'
import { bucketPageSchema } from '../api/records.ts'
import { rolloutListSchema, rolloutViewSchema } from '../api/rollout.ts'
import { serviceListSchema, serviceViewSchema, verbSchema } from '../api/status.ts'
import { manifestSchema } from '../manifest-shape.ts'
import {
  ENVIRONMENT,
  ETAG,
  IF_NONE_MATCH,
  NOT_CHANGED,
  NOT_MODIFIED,
  ok,
  PAGES,
  PREFER,
  REQUEST_ID,
  SERVICE,
  text,
  WATCHED,
} from './common.ts'
import type { Content, Operation, OperationOf, Parameter } from './operation.ts'

const NOTHING = { params: {}, query: {}, headers: {}, body: null, problems: [] } as const
const YAML = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml']
const MANIFEST: Content = { ...text(...YAML), 'application/json': manifestSchema }
const OF_SERVICE = { ...NOTHING, params: SERVICE, query: ENVIRONMENT } as const

const NUMBER: Parameter = {
  schema: z.int().min(1).max(999_999_999),
  description: 'The number in the id of the rollout: 7 of `pricing-7`.',
}

const IF_MATCH_OF_COMMAND: Parameter = {
  schema: z.string(),
  description:
    'The `etag` in the body of the status or rollout that you decide on. promote, promote-full and approve need it, or `rollout` and `step` in the body; with the others it may be sent. 412 when the rollout has moved on.',
}

const IF_MATCH_OF_MANIFEST: Readonly<Record<'if-match' | 'if-none-match', Parameter>> = {
  'if-match': {
    schema: z
      .string()
      .max(1000)
      .meta({ examples: ['"v3"'] }),
    description: 'ETag of the manifest that yours is to follow; `*` = whichever stands. Needed where one stands.',
  },
  'if-none-match': { schema: z.string().max(100), description: '`*`: yours must be the first.' },
}

/** Services: how they stand. */
export const serviceOperations = {
  'list-services': {
    ...NOTHING,
    summary: 'All services as they stand',
    description:
      'Every service that you may see: what is going on, why, what comes next and when. Send `If-None-Match` and `Prefer: wait=20` to be told as soon as something changes.',
    tag: 'Services',
    query: { ...ENVIRONMENT, ...PAGES },
    headers: { ...IF_NONE_MATCH, ...PREFER },
    answers: { ...ok('One page of services.', serviceListSchema, WATCHED), ...NOT_CHANGED },
  } satisfies OperationOf<'list-services'>,
  'get-status': {
    ...OF_SERVICE,
    summary: 'One service as it stands',
    description:
      'What is going on, why, what comes next and when. The ETag is of all that is shown but the countdown, and serves for watching; the tag for If-Match of a command is `etag` in the body.',
    tag: 'Services',
    headers: { ...IF_NONE_MATCH, ...PREFER },
    answers: { ...ok('The service.', serviceViewSchema, WATCHED), ...NOT_CHANGED },
    problems: ['not-found', 'conflict'],
  } satisfies OperationOf<'get-status'>,
  'send-command': {
    ...OF_SERVICE,
    summary: 'Tell a rollout what to do',
    description:
      'What is answered 200 is done: stored, and its deeds are at Azure. 202 is stored, and Azure is tried again. abort, pause, resume, retry and undo take the role operator, promote, promote-full and approve the role approver, `override` the role admin. Needs an id; the same id again gives the same answer and does nothing.',
    tag: 'Commands',
    params: { ...SERVICE, verb: { schema: verbSchema, description: 'What is to be done.' } },
    headers: { 'if-match': IF_MATCH_OF_COMMAND, ...REQUEST_ID },
    body: { required: false, content: { 'application/json': commandRequestSchema.nullable() } },
    answers: {
      ...ok('It is done.', commandReplySchema),
      202: {
        description: 'It is stored, and its deeds are tried again: `outstanding` says why they are not done yet.',
        content: { 'application/json': commandReplySchema },
      },
    },
    problems: ['not-found', 'conflict', 'precondition-failed', 'precondition-required', 'invalid', 'id-reused'],
  } satisfies OperationOf<'send-command'>,
  'push-image': {
    ...OF_SERVICE,
    summary: 'Announce an image by hand',
    description:
      'As if the registry had announced it, for this one service. The tag must match the manifest, and the digest is asked of the registry. Needs an id; the same id again is a `duplicate` and names the rollout of before.',
    tag: 'Commands',
    headers: REQUEST_ID,
    body: { required: true, content: { 'application/json': pushRequestSchema } },
    answers: ok('What became of it.', pushReplySchema),
    problems: ['not-found', 'conflict', 'invalid', 'id-reused'],
  } satisfies OperationOf<'push-image'>,
} satisfies Readonly<Record<string, Operation>>

/** Manifests: how services are to be delivered. */
export const manifestOperations = {
  'get-manifest': {
    ...OF_SERVICE,
    summary: 'The manifest of a service',
    description:
      'The newest, as it is written, ready to be changed and PUT. YAML with `accept: application/yaml` or `?format=yaml`.',
    tag: 'Manifests',
    query: {
      ...ENVIRONMENT,
      format: { schema: z.enum(['json', 'yaml']), description: 'Instead of the header Accept.' },
    },
    headers: IF_NONE_MATCH,
    answers: {
      200: {
        description: 'The manifest; its ETag names the version.',
        content: { 'application/json': manifestViewSchema, ...text('application/yaml') },
        headers: ETAG,
      },
      ...NOT_MODIFIED,
    },
    problems: ['not-found', 'conflict'],
  } satisfies OperationOf<'get-manifest'>,
  'put-manifest': {
    ...OF_SERVICE,
    summary: 'Store a manifest',
    description:
      'Stores a new version; the same manifest again changes nothing. The environment is the one in the manifest. Where a manifest stands, `If-Match` must name the version that yours is to follow. A rollout that runs goes on with the manifest that it began with.',
    tag: 'Manifests',
    headers: IF_MATCH_OF_MANIFEST,
    body: { required: true, content: MANIFEST },
    answers: {
      ...ok('It is stored, or was stored already.', manifestStoredSchema, ETAG),
      201: {
        description: 'It is stored, and the service is new.',
        content: { 'application/json': manifestStoredSchema },
        headers: ETAG,
      },
    },
    problems: ['conflict', 'precondition-failed', 'precondition-required', 'invalid'],
  } satisfies OperationOf<'put-manifest'>,
  'plan-manifest': {
    ...OF_SERVICE,
    summary: 'What would a manifest do?',
    description:
      'What storing this manifest, and the next push with it, would do: what changes, when which step begins if all goes well, which freezes are met on the way. Nothing is stored.',
    tag: 'Manifests',
    body: { required: true, content: MANIFEST },
    answers: ok('The plan.', planViewSchema),
    problems: ['invalid'],
  } satisfies OperationOf<'plan-manifest'>,
} satisfies Readonly<Record<string, Operation>>

/** Rollouts, past and present. */
export const rolloutOperations = {
  'list-rollouts': {
    ...OF_SERVICE,
    summary: 'Rollouts of a service',
    description: 'Past and present, newest first, whole. Their times are epoch milliseconds, as they are stored.',
    tag: 'Rollouts',
    query: { ...ENVIRONMENT, ...PAGES },
    answers: ok('One page of rollouts.', rolloutListSchema),
    problems: ['not-found', 'conflict'],
  } satisfies OperationOf<'list-rollouts'>,
  'get-rollout': {
    ...OF_SERVICE,
    summary: 'One rollout',
    description: 'Past or present, whole, with the tag for If-Match of a command in `etag`.',
    tag: 'Rollouts',
    params: { ...SERVICE, number: NUMBER },
    headers: IF_NONE_MATCH,
    answers: { ...ok('The rollout.', rolloutViewSchema, ETAG), ...NOT_MODIFIED },
    problems: ['not-found', 'conflict'],
  } satisfies OperationOf<'get-rollout'>,
  'get-buckets': {
    ...OF_SERVICE,
    summary: 'What was judged of a rollout',
    description:
      'Bucket by bucket, oldest first. CSV with `accept: text/csv` or `?format=csv`: then the next page is in the header Link.',
    tag: 'Rollouts',
    params: { ...SERVICE, number: NUMBER },
    query: {
      ...ENVIRONMENT,
      ...PAGES,
      format: { schema: z.enum(['json', 'csv']), description: 'Instead of the header Accept.' },
    },
    answers: {
      200: {
        description: 'One page of buckets.',
        content: { 'application/json': bucketPageSchema, ...text('text/csv') },
      },
    },
    problems: ['not-found', 'conflict'],
  } satisfies OperationOf<'get-buckets'>,
} satisfies Readonly<Record<string, Operation>>
