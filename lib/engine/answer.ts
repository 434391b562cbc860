/** What a command brought. `repeated`: the same id was obeyed before, and this is the answer of then. */
export type CommandAnswer =
  | {
      readonly kind: 'done' | 'repeated'
      readonly because: string
      readonly rollout: string | null
      /** Why its deeds are not at Azure yet; it is stored and goes on by itself. Null = they are. */
      readonly outstanding: string | null
    }
  | { readonly kind: 'refused'; readonly because: string }
  | { readonly kind: 'unknown-service' }
