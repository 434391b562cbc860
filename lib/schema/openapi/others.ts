import * as z from 'zod'
import { text } from './common.ts'
import type { Operation } from './operation.ts'

/** An operation that is no operator's: it stands in no table of rights. */
export interface OtherOperation extends Operation {
  /** The function that answers it. */
  readonly door: string
  readonly method: 'GET' | 'POST' | 'OPTIONS'
  /** Below `/api/`. */
  readonly path: string
  readonly needs: 'hook-key' | 'nothing'
}

const NOTHING = { params: {}, query: {}, headers: {}, body: null, problems: [] } as const
const SOURCE = {
  source: {
    schema: z.enum(['acr', 'event-grid', 'distribution']),
    description: 'Who sends: an Azure Container Registry webhook, Event Grid, or a CNCF Distribution registry.',
  },
}
const events = z
  .union([z.looseObject({}), z.array(z.looseObject({}))])
  .meta({ description: 'An event, or a list of them, as the sender writes them.' })
const EVENTS = {
  'application/json': events,
  'application/cloudevents+json': events,
  'application/cloudevents-batch+json': events,
  'application/vnd.docker.distribution.events.v1+json': events,
  'application/vnd.docker.distribution.events.v2+json': events,
}
const HTML = text('text/html')
const LOCATION = { location: { schema: z.string(), description: 'Where the browser goes on.', required: true } }
const TEXT_QUERY = (description: string) => ({ schema: z.string().max(4096), description })

/** Hooks, signing in, and pages to read. */
export const OTHER_OPERATIONS: Readonly<Record<string, OtherOperation>> = {
  'send-event': {
    ...NOTHING,
    door: 'hooks',
    method: 'POST',
    path: 'hooks/{source}',
    needs: 'hook-key',
    summary: 'A registry says: new image',
    description:
      '202 means that it is stored; 503 means: send it again. An event that is no push of a tagged image is accepted and written down as ignored. Event Grid’s handshake of its own schema needs no key and is answered 200.',
    tag: 'Hooks',
    params: SOURCE,
    body: { required: true, content: EVENTS },
    answers: {
      200: {
        description: 'The code of a handshake.',
        content: { 'application/json': z.strictObject({ validationResponse: z.string() }) },
      },
      202: {
        description: 'Stored.',
        content: { 'application/json': z.strictObject({ accepted: z.int().min(0) }) },
      },
    },
    problems: [
      'malformed-body',
      'invalid',
      'unauthenticated',
      'forbidden',
      'not-found',
      'body-too-large',
      'unsupported-media-type',
    ],
    statuses: { invalid: 400 },
  },
  'allow-events': {
    ...NOTHING,
    door: 'hooks',
    method: 'OPTIONS',
    path: 'hooks/{source}',
    needs: 'nothing',
    summary: 'The handshake of CloudEvents',
    description: 'Lets Event Grid, and nobody else, deliver CloudEvents here.',
    tag: 'Hooks',
    params: SOURCE,
    headers: {
      'webhook-request-origin': { schema: z.string(), description: 'Who asks: eventgrid.azure.net.' },
      'webhook-request-rate': { schema: z.string(), description: 'Deliveries a minute that are asked for.' },
    },
    answers: {
      200: {
        description: 'It may deliver.',
        headers: {
          'webhook-allowed-origin': { schema: z.string(), description: 'Who may.', required: true },
          'webhook-allowed-rate': { schema: z.string(), description: 'How often a minute.', required: true },
        },
      },
    },
    problems: ['forbidden', 'not-found'],
  },
  'sign-in': {
    ...NOTHING,
    door: 'auth',
    method: 'GET',
    path: 'auth/sign-in',
    needs: 'nothing',
    summary: 'Sign in by browser',
    description: 'Leads to the issuer of tokens: authorization code with PKCE.',
    tag: 'Callers',
    query: {
      back: TEXT_QUERY('The page of the dashboard to come back to.'),
      as: TEXT_QUERY('Who to sign in as, as a hint to the issuer.'),
    },
    answers: { 303: { description: 'To the issuer.', headers: LOCATION } },
    problems: ['not-found', 'too-many-requests'],
  },
  'sign-in-callback': {
    ...NOTHING,
    door: 'auth',
    method: 'GET',
    path: 'auth/callback',
    needs: 'nothing',
    summary: 'Back from the issuer',
    description: 'Turns the code of the issuer into a session, and leads on to the dashboard.',
    tag: 'Callers',
    query: {
      state: TEXT_QUERY('What was sent to the issuer.'),
      code: TEXT_QUERY('The code of the issuer.'),
      session_state: TEXT_QUERY('What Entra ID adds.'),
      error: TEXT_QUERY('Why the issuer let nobody in.'),
      error_description: TEXT_QUERY('The same in words.'),
      iss: TEXT_QUERY('The issuer.'),
    },
    answers: {
      200: { description: 'Signed in: a page that leads on.', content: HTML },
      400: { description: 'The sign-in did not begin here, or is too old: a page that says so.', content: HTML },
      403: { description: 'Nobody of Slipway: a page that says so.', content: HTML },
      503: { description: 'The issuer cannot be reached: a page that says so.', content: HTML },
    },
    problems: ['not-found', 'too-many-requests'],
  },
  'sign-out': {
    ...NOTHING,
    door: 'auth',
    method: 'POST',
    path: 'auth/sign-out',
    needs: 'nothing',
    summary: 'Sign out',
    description: 'Takes the cookie of the session away.',
    tag: 'Callers',
    answers: { 204: { description: 'Signed out.' } },
    problems: ['forbidden', 'not-found', 'too-many-requests'],
  },
  dashboard: {
    ...NOTHING,
    door: 'dashboard',
    method: 'GET',
    path: 'ui/{file}',
    needs: 'nothing',
    summary: 'The dashboard',
    description: 'Its page (`/api/ui/`) and the files of it. They hold no data.',
    tag: 'Pages',
    params: { file: { schema: z.string().max(200), description: 'A file of the dashboard; its page is index.html.' } },
    answers: {
      200: { description: 'The file.', content: { '*/*': z.string() } },
      304: { description: 'You have it already.' },
    },
    problems: ['not-found'],
  },
  docs: {
    ...NOTHING,
    door: 'docs',
    method: 'GET',
    path: 'docs',
    needs: 'nothing',
    summary: 'This document, to be read',
    description: 'A page without scripts.',
    tag: 'Pages',
    answers: { 200: { description: 'The page.', content: HTML }, 304: { description: 'You have it already.' } },
  },
  'docs-style': {
    ...NOTHING,
    door: 'docs',
    method: 'GET',
    path: 'docs/style.css',
    needs: 'nothing',
    summary: 'How these pages look',
    description: 'The style sheet of this page and of those of the problems.',
    tag: 'Pages',
    answers: {
      200: { description: 'The style sheet.', content: text('text/css') },
      304: { description: 'You have it already.' },
    },
  },
  'list-problems': {
    ...NOTHING,
    door: 'problems',
    method: 'GET',
    path: 'problems',
    needs: 'nothing',
    summary: 'All kinds of problems',
    description: 'A page that lists them.',
    tag: 'Pages',
    answers: { 200: { description: 'The page.', content: HTML }, 304: { description: 'You have it already.' } },
  },
  'get-problem': {
    ...NOTHING,
    door: 'problems',
    method: 'GET',
    path: 'problems/{kind}',
    needs: 'nothing',
    summary: 'A kind of problem',
    description: 'What it means, why it happens here, and what to do.',
    tag: 'Pages',
    params: { kind: { schema: z.string().regex(/^[a-z-]+$/), description: 'The last part of `type`.' } },
    answers: { 200: { description: 'The page.', content: HTML }, 304: { description: 'You have it already.' } },
    problems: ['not-found'],
  },
}
