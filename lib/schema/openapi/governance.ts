import * as z from 'zod'
import { auditKindSchema, auditListSchema, auditVerdictSchema, digestListSchema } from '../api/audit.ts'
import { gateListSchema, reasonSchema } from '../api/command.ts'
import { freezeListSchema, freezeRequestSchema, freezeViewSchema } from '../api/freeze.ts'
import { noticeListSchema, noticesRetriedSchema } from '../api/notice.ts'
import { nameSchema, rolloutIdSchema } from '../api/parts.ts'
import { deliveryReportSchema, doctorReportSchema, personListSchema } from '../api/people.ts'
import { driftListSchema, eventListSchema } from '../api/records.ts'
import { ENVIRONMENT, momentParameter, ok, PAGES, REQUEST_ID, text } from './common.ts'
import type { Operation, OperationOf, Parameter } from './operation.ts'

const NOTHING = { params: {}, query: {}, headers: {}, body: null, problems: [] } as const

const ONE_SERVICE: Readonly<Record<'service', Parameter>> = {
  service: { schema: nameSchema, description: 'Only what is about this service.' },
}
const NEEDED_ENVIRONMENT = {
  environment: { ...ENVIRONMENT.environment, description: 'Of which environment.', required: true },
}
const SOME_ENVIRONMENT = {
  environment: { ...ENVIRONMENT.environment, description: 'Only what is of this environment.' },
}

/** Approvals and freezes. */
export const gateOperations = {
  'list-approvals': {
    ...NOTHING,
    summary: 'Gates that wait',
    description:
      'Every manual gate that waits in what you may see, what it takes to open it, and whether you may approve it.',
    tag: 'Approvals',
    query: { ...SOME_ENVIRONMENT, ...PAGES },
    answers: ok('One page of gates.', gateListSchema),
  } satisfies OperationOf<'list-approvals'>,
  'list-freezes': {
    ...NOTHING,
    summary: 'Freezes',
    description:
      'Those that hold, and those to come. While one holds, nothing new takes traffic; no abort and no rollback is ever held back.',
    tag: 'Freezes',
    query: { ...SOME_ENVIRONMENT, ...PAGES },
    answers: ok('One page of freezes.', freezeListSchema),
  } satisfies OperationOf<'list-freezes'>,
  'add-freeze': {
    ...NOTHING,
    summary: 'Stop the line, now or at times',
    description:
      'Without times and cron it is a stop until somebody lifts it. Needs an id; the same id again gives the same answer.',
    tag: 'Freezes',
    headers: REQUEST_ID,
    body: { required: true, content: { 'application/json': freezeRequestSchema } },
    answers: {
      ...ok('It was added before, with this id.', freezeViewSchema),
      201: { description: 'It is added.', content: { 'application/json': freezeViewSchema } },
    },
    problems: ['not-found', 'conflict', 'invalid', 'id-reused'],
  } satisfies OperationOf<'add-freeze'>,
  'lift-freeze': {
    ...NOTHING,
    summary: 'Lift a freeze',
    description: 'It holds no more, and no time of it comes.',
    tag: 'Freezes',
    params: {
      environment: { schema: nameSchema, description: 'The environment that it is of.' },
      id: { schema: z.string().max(128), description: 'Its id.' },
    },
    query: { reason: { schema: reasonSchema, description: 'Why; goes into the audit.' } },
    answers: { 204: { description: 'It is lifted.' } },
    problems: ['not-found', 'conflict', 'invalid'],
  } satisfies OperationOf<'lift-freeze'>,
} satisfies Readonly<Record<string, Operation>>

/** The audit, and what else was written down. */
export const recordOperations = {
  'list-audit': {
    ...NOTHING,
    summary: 'The audit',
    description:
      'Newest first, every row as a sentence too. CSV with `?format=csv`: then the next page is in the header Link.',
    tag: 'Audit',
    query: {
      ...NEEDED_ENVIRONMENT,
      ...ONE_SERVICE,
      rollout: { schema: rolloutIdSchema, description: 'Only what is about this rollout.' },
      kind: { schema: auditKindSchema, description: 'Only rows of this kind.' },
      since: momentParameter('Rows from then on.'),
      until: momentParameter('Rows before then.'),
      ...PAGES,
      format: { schema: z.enum(['json', 'csv']), description: 'Default json.' },
    },
    answers: {
      200: {
        description: 'One page of the audit.',
        content: { 'application/json': auditListSchema, ...text('text/csv') },
      },
    },
    problems: ['invalid'],
  } satisfies OperationOf<'list-audit'>,
  'verify-audit': {
    ...NOTHING,
    summary: 'Is the audit as it was written?',
    description:
      'Walks the chain of a service, or without `service` that of what concerns the whole environment, from the head that is kept apart back to its first row. What was changed, taken out, put in, moved or cut off is found. One call walks ten seconds; `nextLink` goes on.',
    tag: 'Audit',
    query: {
      ...NEEDED_ENVIRONMENT,
      service: { schema: nameSchema, description: 'Whose chain; absent = the chain of the environment.' },
      from: PAGES.from,
    },
    answers: ok('What was found.', auditVerdictSchema),
    problems: ['not-found', 'invalid'],
  } satisfies OperationOf<'verify-audit'>,
  'list-digests': {
    ...NOTHING,
    summary: 'Signed digests of the audit',
    description:
      'One an hour, newest first: the newest row of every chain, the hash of the digest before, and a signature over it. They name every service of the environment, so whoever asks must see all of it.',
    tag: 'Audit',
    query: { ...NEEDED_ENVIRONMENT, ...PAGES },
    answers: ok('One page of digests.', digestListSchema),
    problems: ['not-found', 'invalid'],
  } satisfies OperationOf<'list-digests'>,
  'list-people': {
    ...NOTHING,
    summary: 'Who stands behind pseudonyms',
    description:
      'People stand under pseudonyms in everything that is stored; here is who they are, and nowhere else. For Admins of the whole installation.',
    tag: 'Audit',
    query: {
      called: {
        schema: z.string().min(1).max(200),
        description: 'Only who is called so: a pseudonym, an object id or a name.',
      },
      ...PAGES,
    },
    answers: ok('One page of people.', personListSchema),
  } satisfies OperationOf<'list-people'>,
  'erase-person': {
    ...NOTHING,
    summary: 'Erase a person',
    description:
      'Nothing says any more whose the pseudonym was; the audit stays as it is, and valid. Refused while a manifest, a push that waits or a rollout that runs counts on who they are.',
    tag: 'Audit',
    params: { id: { schema: z.string().max(64), description: 'The pseudonym.' } },
    query: { reason: { schema: reasonSchema, description: 'Why; goes into the audit.' } },
    answers: { 204: { description: 'They are erased.' } },
    problems: ['not-found', 'conflict', 'invalid'],
  } satisfies OperationOf<'erase-person'>,
  'list-events': {
    ...NOTHING,
    summary: 'What became of events',
    description: 'Of every event that a registry sent, newest first: a rollout, or the reason why not.',
    tag: 'Audit',
    query: PAGES,
    answers: ok('One page of events.', eventListSchema),
  } satisfies OperationOf<'list-events'>,
  'list-notices': {
    ...NOTHING,
    summary: 'Notices that were not told',
    description: 'Those that were given up, and after them those that wait for their sink.',
    tag: 'Notices',
    query: PAGES,
    answers: ok('One page of notices.', noticeListSchema),
  } satisfies OperationOf<'list-notices'>,
  'retry-notices': {
    ...NOTHING,
    summary: 'Try a sink again',
    description: 'Puts what was given up for one sink back into its line.',
    tag: 'Notices',
    query: {
      ...NEEDED_ENVIRONMENT,
      sink: {
        schema: z.string().min(1).max(100),
        description: 'Name of the sink, as the settings have it.',
        required: true,
      },
    },
    answers: ok('How many go out again.', noticesRetriedSchema),
    problems: ['not-found'],
  } satisfies OperationOf<'retry-notices'>,
} satisfies Readonly<Record<string, Operation>>

/** Reports. */
export const reportOperations = {
  'get-drift': {
    ...NOTHING,
    summary: 'Which KPIs have drifted',
    description: 'The newest nightly report of every service. Markdown with `accept: text/markdown`.',
    tag: 'Reports',
    query: SOME_ENVIRONMENT,
    answers: {
      200: {
        description: 'The reports.',
        content: { 'application/json': driftListSchema, ...text('text/markdown') },
      },
    },
    problems: ['not-found', 'invalid'],
  } satisfies OperationOf<'get-drift'>,
  'get-delivery': {
    ...NOTHING,
    summary: 'How delivery goes',
    description: 'Deployment frequency, lead time, change-failure rate and time to restore, from the audit alone.',
    tag: 'Reports',
    query: {
      ...SOME_ENVIRONMENT,
      ...ONE_SERVICE,
      from: momentParameter('Begin of the window, inclusive.'),
      to: momentParameter('End of the window, exclusive; absent = now.'),
      window: { schema: z.enum(['7d', '30d', '90d']), description: 'Instead of `from`.' },
    },
    answers: ok('The measures.', deliveryReportSchema),
    problems: ['not-found', 'invalid'],
  } satisfies OperationOf<'get-delivery'>,
  'get-doctor': {
    ...NOTHING,
    summary: 'What is not set up right',
    description:
      'Checks the installation, its environments and the services that you may see, and names the command that mends each finding.',
    tag: 'Reports',
    answers: ok('The findings.', doctorReportSchema),
  } satisfies OperationOf<'get-doctor'>,
} satisfies Readonly<Record<string, Operation>>
