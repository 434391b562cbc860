import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { ListOf, Me, ServiceView } from '../lib/api.ts'
import { type Live, NOTHING } from './live.ts'
import type { Pressed } from './model/will-happen.ts'

/** A command that a person is about to give; the dialog asks them. */
export interface Asked {
  readonly verb: Pressed
  readonly service: ServiceView
  readonly plan: readonly { readonly weight: number; readonly gate: boolean }[] | null
}

/** What all views share: who looks, the fleet as it stands, and how to ask, to say, and to be told again. */
export interface Shared {
  readonly me: Me | null
  readonly fleet: Live<ListOf<ServiceView>>
  readonly command: (asked: Asked) => void
  /** Says something to everybody: on the screen for some seconds, and to those who listen to it. */
  readonly say: (text: string) => void
}

export const SharedContext = createContext<Shared>({
  me: null,
  fleet: NOTHING,
  command: () => undefined,
  say: () => undefined,
})

/** What all views share. */
export function useShared(): Shared {
  return useContext(SharedContext)
}

/** Names of all environments that the reader sees, from the fleet. */
export function environmentsOf(fleet: Live<ListOf<ServiceView>>): readonly string[] {
  return [...new Set((fleet.value?.items ?? []).map(({ environment }) => environment))].sort()
}
