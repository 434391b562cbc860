import type { Notice, NoticeGate } from '../../core/notice.ts'

/** Names and values that go beside a notice's sentence. */
export function factsOf(notice: Notice): readonly (readonly [string, string])[] {
  const { environment, service, rollout, tag, step, gate, actor } = notice
  const facts: readonly (readonly [string, string | null])[] = [
    ['Environment', environment],
    ['Service', service],
    ['Rollout', rollout],
    ['Tag', tag],
    ['Step', step === null ? null : `${step.number} of ${step.of}`],
    ['Gate', gate === null ? null : untilWhen(gate)],
    ['By', actor === 'slipway' ? null : actor],
  ]
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))
}

function untilWhen({ says, expiresAt }: NoticeGate): string {
  return expiresAt === null ? says : `${says}; it is rolled back at ${new Date(expiresAt).toISOString()}`
}
