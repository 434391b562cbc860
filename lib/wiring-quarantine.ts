import { tellingFreezes } from './engine/tell.ts'
import { createWard, type Ward, type WardOptions } from './engine/ward.ts'

export { warded } from './engine/ward.ts'

/** The ward of this process; `publicUrl` where sinks are told, else undefined. */
export function wardOf(options: Omit<WardOptions, 'onTrouble'>, publicUrl: string | null | undefined): Ward {
  const freezes = publicUrl === undefined ? options.freezes : tellingFreezes(options.freezes, publicUrl)
  return createWard({ ...options, freezes, onTrouble: (words, error) => console.error(words, error) })
}
