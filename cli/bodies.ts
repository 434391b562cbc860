/** One event as GET /api/v1/events tells it. */
export interface EventView {
  readonly id: string
  readonly receivedAt: string
  readonly source: string
  readonly outcome: string
  readonly reason: string
  readonly image: string | null
  readonly digest: string | null
  readonly entityId: string | null
  readonly rollout: string | null
}
