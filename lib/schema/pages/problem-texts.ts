import type { ProblemKind } from '../../door/problem.ts'

/** What is told of one kind of problem. Back-quotes are code; there are no links in it but those of `see`. */
export interface ProblemText {
  /** One or two sentences: what it means. */
  readonly means: string
  /** An answer as it comes: its detail, and the path that was asked. */
  readonly example: { readonly detail: string; readonly instance: string; readonly errors?: readonly object[] }
  /** Why it happens here. */
  readonly why: readonly string[]
  /** What to do. */
  readonly todo: readonly string[]
  /** Documents that say more, as paths from docs/. */
  readonly see: readonly (readonly [text: string, path: string])[]
}

const STATUS = '/api/v1/services/pricing/status'
const MANIFEST = '/api/v1/services/pricing/manifest'
const PROMOTE = '/api/v1/services/pricing/commands/promote'

/** Every kind of problem, told. */
export const PROBLEM_PAGES: Readonly<Record<ProblemKind, ProblemText>> = {
  'bad-request': {
    means: 'The request cannot be understood as it stands. Nothing was done.',
    example: { detail: 'limit is "many"; give a whole number from 1 to 100.', instance: '/api/v1/events' },
    why: [
      'A query parameter that the operation does not know, or one that stands twice; `detail` names the known ones.',
      'A `limit` that is no number from 1 to 100, or a `from` that no page gave out.',
      'An `api-version` that is not 1.',
      'An `If-Match` or `If-None-Match` that cannot be read, a manifest whose name is not the one in the URL, or a command, push or freeze without an id of its own.',
    ],
    todo: ['Do what `detail` says, and send it again.'],
    see: [['How to use the API', 'api.md']],
  },
  'malformed-body': {
    means: 'The body cannot be read. Nothing was done.',
    example: { detail: 'The body is not valid JSON.', instance: PROMOTE },
    why: ['It is not UTF-8, is not JSON, nests deeper than 16, or has more than 1,000 keys.'],
    todo: ['Send a plain JSON body in UTF-8.'],
    see: [],
  },
  'secret-in-url': {
    means:
      'A key or token came in the URL, where hosts and proxies write it into their logs. It is refused even if it is right.',
    example: {
      detail:
        'Take "code" out of the URL, where logs keep it, and change that key. Send keys in a header: x-functions-key, x-slipway-key or Authorization.',
      instance: STATUS,
    },
    why: [
      'The query has a parameter of the name `code`, `token`, `access_token`, `secret`, `sig` or `x-functions-key`.',
    ],
    todo: [
      'Send tokens in `Authorization` and the key of the hooks in `x-slipway-key`.',
      'Change what was sent: it stands in a log by now.',
    ],
    see: [['Sign-in', 'sign-in.md']],
  },
  unauthenticated: {
    means: 'Nobody knows who is asking. `detail` says why.',
    example: { detail: 'The token has expired. Get a new one.', instance: STATUS },
    why: [
      'There is no token, or one that has expired, is for another audience, of another directory, or was given to an app that is not one of `SLIPWAY_AUTH_CLIENTS`.',
      'At a hook: the shared key is absent, or is none of the two newest enabled versions of the secret `slipway-hook-keys`.',
    ],
    todo: [
      'Get a new access token, and compare its claims with what is asked for.',
      'At a hook: compare the header of the sender with the secret in Key Vault. A new version is known within 30 seconds.',
    ],
    see: [['Sign-in', 'sign-in.md']],
  },
  forbidden: {
    means: 'The caller is known and may not do this, nowhere or not for this service or environment.',
    example: {
      detail:
        'vera@example.com may not do this for production/pricing: it takes the role approver. Ask an Admin of Slipway for it.',
      instance: PROMOTE,
    },
    why: [
      'The role is missing, or holds for other services or environments. `detail` names the role that it takes.',
      'A manifest is of a new service, or names another container app or repository, and the caller is Admin of some services only; or another service runs that app.',
      'A change was asked for with the cookie of a browser, but not by the own page of the dashboard.',
      'At a hook: the handshake is for a topic that is not in `SLIPWAY_EVENT_GRID_TOPICS`, or is not of Event Grid.',
    ],
    todo: [
      'Look at `GET /api/v1/me`, which shows what you may, and ask an Admin.',
      'At a hook: add the id of the topic to the setting.',
    ],
    see: [['Roles', 'sign-in.md#roles']],
  },
  'not-found': {
    means: 'There is no such thing, or the caller may not see it.',
    example: { detail: 'There is no service "princing" here. GET /api/v1/services lists them.', instance: STATUS },
    why: [
      'A service, environment, rollout, command, freeze, hook or page of that name does not exist.',
      'It exists, and your role does not reach it: what you may not see is as good as not there.',
    ],
    todo: ['Look at the list that `detail` names.'],
    see: [],
  },
  'method-not-allowed': {
    means: 'The method is not allowed on this path.',
    example: { detail: 'DELETE is not allowed here. Use GET or PUT.', instance: MANIFEST },
    why: ['Each path knows some methods; GET means HEAD too, and OPTIONS tells which there are.'],
    todo: ['Use one of the methods in the header `Allow`.'],
    see: [],
  },
  conflict: {
    means: 'The state of things does not allow this now. Nothing was done.',
    example: {
      detail: 'pricing-7 is not paused; it is in step 2',
      instance: '/api/v1/services/pricing/commands/resume',
    },
    why: [
      'The command makes no sense now: `detail` says why, and often what does.',
      'The rollout that was named is not the newest one.',
      'Several environments have a service of that name.',
      'The service changed too often while the request was being done.',
    ],
    todo: [
      'Look at the status, and decide again.',
      'Where the name is not enough, add `?environment=`.',
      'Where it changed too often, send it again with the same id.',
    ],
    see: [['What each command does when', 'operations.md#commands']],
  },
  'precondition-failed': {
    means: 'It changed since you looked: your `If-Match` names what stood before. Nothing was done.',
    example: {
      detail: 'The manifest is at version 4 now. Look at it and send yours with If-Match: "v4".',
      instance: MANIFEST,
    },
    why: [
      'Somebody stored another manifest since you read yours, or the first one while you sent `If-None-Match: *`.',
      'The rollout has gone to another step or phase, or there is a newer one, since you read the tag of your command.',
      'A command was sent with the weak tag in the header `ETag` of the status, which is for watching. That for commands is `etag` in the body.',
    ],
    todo: [
      'Read it again, decide again, and send it with the tag of now: it is in the header `ETag` of this answer too.',
    ],
    see: [
      ['Reading a manifest back', 'manifest.md#reading-it-back'],
      ['Tags', 'api.md#tags-and-conditions'],
    ],
  },
  'body-too-large': {
    means: 'The body is larger than 256 KiB, or a manifest larger than 64 KiB. It was not read to its end.',
    example: { detail: 'The body is larger than 65536 bytes. Send a smaller one.', instance: MANIFEST },
    why: ['No manifest, command or event needs so much.'],
    todo: ['Send less.'],
    see: [],
  },
  'unsupported-media-type': {
    means: 'The body is not of a type that is taken here.',
    example: { detail: 'Content-Type is absent. Send application/json.', instance: PROMOTE },
    why: ['The header `Content-Type` is absent or another, the charset is not UTF-8, or the body is compressed.'],
    todo: ['Send one of the types that `detail` names, in UTF-8, without `Content-Encoding`.'],
    see: [],
  },
  invalid: {
    means: 'The content is wrong. Nothing was stored. 422, or 400 at a hook.',
    example: {
      detail: 'The manifest is not valid. Nothing was stored.',
      instance: MANIFEST,
      errors: [{ path: 'image.repositry', message: 'is not known here. Did you mean `repository`?', line: 7 }],
    },
    why: ['`errors` lists all that is wrong, each with its path and, for manifests, line and column.'],
    todo: [
      'Mend them all at once, and send it again.',
      'Try a manifest without storing it: `POST …/plan`, or `slipway lint`.',
    ],
    see: [['Every key of a manifest', 'manifest.md']],
  },
  'id-reused': {
    means: 'The id of this request was used before, for something else. Nothing was done.',
    example: { detail: 'the command id 4711 was used before for pause; take a fresh one', instance: PROMOTE },
    why: ['An id makes sending the same thing again harmless. Two things with one id are a mistake of the sender.'],
    todo: ['Take a fresh id for each thing, e.g. a UUID, and keep it only for sending that same thing again.'],
    see: [['Ids', 'api.md#ids-of-requests']],
  },
  'precondition-required': {
    means: 'Say what you decide on, so that nothing else is hit by mistake. Nothing was done.',
    example: {
      detail:
        'Say which step you promote: send the "etag" of the status as If-Match, or "rollout" and "step" in the body.',
      instance: PROMOTE,
    },
    why: [
      'promote, promote-full and approve need `If-Match`, or `rollout` and `step` in the body: a rollout goes on by itself while you read.',
      'A manifest stands already, and yours does not say which version it is to follow.',
    ],
    todo: ['Send `If-Match` with the tag that `detail` names. `If-Match: *` means: whatever stands.'],
    see: [['Tags', 'api.md#tags-and-conditions']],
  },
  'too-many-requests': {
    means: 'The caller asks more often than `SLIPWAY_RATE_LIMITS` allows. Nothing was done.',
    example: {
      detail: 'You ask more often than SLIPWAY_RATE_LIMITS allows. Wait as long as Retry-After says.',
      instance: STATUS,
    },
    why: [
      'Every caller has a number of requests a minute; strangers have one by the address that they come from.',
      'abort and pause are counted apart, so that nothing else can use their number up.',
    ],
    todo: [
      'Wait as many seconds as `Retry-After` says.',
      'To follow something, wait for changes instead of asking often.',
    ],
    see: [['Waiting for changes', 'api.md#waiting-for-changes']],
  },
  'internal-error': {
    means: 'Slipway made a mistake. What it was stands in the log and is not sent.',
    example: { detail: 'An unexpected error was logged under this request id.', instance: STATUS },
    why: ['It should not happen. Every one of them is a fault of the program.'],
    todo: [
      'Send it again once, with the same id.',
      'Report it with the request id, and the lines of the log under it.',
    ],
    see: [],
  },
  'bad-answer': {
    means: 'A service behind Slipway (storage, Key Vault, a registry) answered something that cannot be read.',
    example: { detail: 'the table answered something that is no row', instance: STATUS },
    why: [
      'A proxy in between answers for the service, a URL in the settings leads elsewhere, or the service has changed.',
    ],
    todo: ['Look at the log under the request id: it names the service and what it said.'],
    see: [['Operations', 'operations.md']],
  },
  unavailable: {
    means: 'Slipway cannot decide right now. Traffic stays as it is.',
    example: { detail: 'The keys cannot be read right now. Try again later.', instance: '/api/hooks/acr' },
    why: [
      'Settings are wrong, or storage or Key Vault does not answer, answers slowly, or denies the identity of the app.',
      'Hooks answer this for every such trouble, since senders drop an event that is answered 4xx.',
    ],
    todo: [
      'Wait as many seconds as `Retry-After` says, and send it again with the same id.',
      'If it stays: `GET /api/health/ready` says which part it is, and `GET /api/v1/doctor` and the log say why.',
    ],
    see: [['Operations', 'operations.md']],
  },
}
