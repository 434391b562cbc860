import * as z from 'zod'
import { reasonSchema } from '../api/command.ts'
import { nameSchema } from '../api/parts.ts'
import { quarantineListSchema, quarantineRedrivenSchema, quarantineViewSchema } from '../api/quarantine.ts'
import { ENVIRONMENT, ok, PAGES } from './common.ts'
import type { Operation, OperationOf } from './operation.ts'

const NOTHING = { params: {}, query: {}, headers: {}, body: null, problems: [] } as const
const ID = { id: { schema: z.string().max(64), description: 'Its id.' } }

/** What cannot be read or acted on. */
export const quarantineOperations = {
  'list-quarantine': {
    ...NOTHING,
    summary: 'What is in quarantine',
    description:
      'Rows that cannot be read and messages that cannot be acted on: what, where, why, since when and how often tried. Those that were dismissed only where they are asked for. Without `environment` also what is of none.',
    tag: 'Quarantine',
    query: {
      environment: { ...ENVIRONMENT.environment, description: 'Only what is of this environment.' },
      service: { schema: nameSchema, description: 'Only what is of this service.' },
      state: { schema: z.enum(['waiting', 'redriven', 'dismissed']), description: 'Only what stands so.' },
      ...PAGES,
    },
    answers: ok('One page, with the beginnings of messages.', quarantineListSchema),
  } satisfies OperationOf<'list-quarantine'>,
  'get-quarantined': {
    ...NOTHING,
    summary: 'One item of the quarantine',
    description: 'A message with all that it says.',
    tag: 'Quarantine',
    params: ID,
    answers: ok('The item.', quarantineViewSchema),
    problems: ['not-found'],
  } satisfies OperationOf<'get-quarantined'>,
  'redrive-quarantined': {
    ...NOTHING,
    summary: 'Try an item again',
    description:
      'A row is read again where it lies and leaves the quarantine where it can be; a message goes back into its queue.',
    tag: 'Quarantine',
    params: ID,
    answers: ok('What came of it.', quarantineRedrivenSchema),
    problems: ['not-found', 'conflict'],
  } satisfies OperationOf<'redrive-quarantined'>,
  'dismiss-quarantined': {
    ...NOTHING,
    summary: 'Wait for an item no more',
    description:
      'It is shown only where it is asked for. A row stays where it lies, and its service is left alone until somebody has it tried again.',
    tag: 'Quarantine',
    params: ID,
    query: { reason: { schema: reasonSchema, description: 'Why; goes into the audit.', required: true } },
    answers: { 204: { description: 'Nobody waits for it.' } },
    problems: ['not-found', 'conflict', 'invalid'],
  } satisfies OperationOf<'dismiss-quarantined'>,
} satisfies Readonly<Record<string, Operation>>
