/** One page of something, newest first, and where the next page starts (opaque; null = no more). */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}
