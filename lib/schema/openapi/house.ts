import * as z from 'zod'
import { healthSchema, meSchema, readinessSchema } from '../api/people.ts'
import { ETAG, IF_NONE_MATCH, NOT_MODIFIED, ok, text } from './common.ts'
import type { Operation, OperationOf } from './operation.ts'

const NOTHING = { params: {}, query: {}, headers: {}, body: null, problems: [] } as const

/** The app itself. */
export const houseOperations = {
  health: {
    ...NOTHING,
    summary: 'Does it answer?',
    description: 'It asks nobody, and tells strangers nothing.',
    tag: 'Health',
    answers: ok('It answers.', healthSchema),
  } satisfies OperationOf<'health'>,
  'health-live': {
    ...NOTHING,
    summary: 'Is it alive?',
    description: 'The same, by the name that probes of liveness know. It asks nobody.',
    tag: 'Health',
    answers: ok('It is alive.', healthSchema),
  } satisfies OperationOf<'health-live'>,
  'health-ready': {
    ...NOTHING,
    summary: 'Can it do its work?',
    description:
      'Whether settings, tables, queues and secrets can be used: a second for each, asked at most every five seconds.',
    tag: 'Health',
    answers: {
      ...ok('It can.', readinessSchema),
      503: {
        description: 'It cannot: a part is `not ok`. The doctor says why.',
        content: { 'application/json': readinessSchema },
        headers: {
          'retry-after': { schema: z.int().min(1), description: 'Seconds to wait.', required: true },
        },
      },
    },
  } satisfies OperationOf<'health-ready'>,
  openapi: {
    ...NOTHING,
    summary: 'This document',
    description: 'OpenAPI 3.1. /api/docs is the same to be read.',
    tag: 'Health',
    headers: IF_NONE_MATCH,
    answers: { ...ok('The document.', z.looseObject({ openapi: z.literal('3.1.0') }), ETAG), ...NOT_MODIFIED },
  } satisfies OperationOf<'openapi'>,
  metrics: {
    ...NOTHING,
    summary: 'Figures for Prometheus',
    description: 'Of the control plane itself, in the text format 0.0.4. Needs a role for the whole installation.',
    tag: 'Health',
    answers: { 200: { description: 'The figures.', content: text('text/plain') } },
  } satisfies OperationOf<'metrics'>,
  me: {
    ...NOTHING,
    summary: 'Who am I?',
    description: 'Who Slipway takes you for, and what you may do where.',
    tag: 'Callers',
    answers: ok('You.', meSchema),
  } satisfies OperationOf<'me'>,
} satisfies Readonly<Record<string, Operation>>
