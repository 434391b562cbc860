import type { Notice } from '../../lib/core/notice.ts'
import { T0 } from './state.ts'

/** A notice with every field filled; its number is also the minute at which it happened. */
export function aNotice(seq: number, changes: Partial<Notice> = {}): Notice {
  const { environment = 'production', service = 'pricing' } = changes
  return {
    schema: 1,
    id: `${environment}${service === null ? '' : `/${service}`}#${seq}`,
    seq,
    kind: 'step-started',
    severity: 'info',
    ends: null,
    closes: false,
    title: 'pricing-7 (v1.4.2) begins step 2 of 4: 25 % of the traffic',
    sentence: 'production/pricing (pricing-7, step 2): step 1 passed "quoted" ünï 🚀',
    environment,
    service,
    rollout: service === null ? null : `${service}-7`,
    image: 'acme.azurecr.io/team/pricing',
    tag: 'v1.4.2',
    digest: `sha256:${'ab'.repeat(32)}`,
    step: { number: 2, of: 4 },
    gate: null,
    outcome: null,
    link: 'https://slipway.example.com/api/ui/#/production/pricing',
    actor: 'slipway',
    at: T0 + seq * 60_000,
    ...changes,
  }
}
