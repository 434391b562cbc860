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
    ['Gate', gate === null ? null : gateText(gate)],
    ['By', actor === 'slipway' ? null : actor],
  ]
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))
}

/** Who may open a gate, and until when, as a person says it. */
export function gateText({ required, from, notAuthor, author, expiresAt }: NoticeGate): string {
  const people = from === null ? 'Approvers' : `of ${from.join(', ')}`
  const without = notAuthor ? `, not ${author ?? 'the author of the push'}` : ''
  const until = expiresAt === null ? '' : `, until ${new Date(expiresAt).toISOString()}`
  return `${required} ${from === null && required === 1 ? 'Approver' : people}${without}${until}`
}
