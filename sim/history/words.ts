import type { Weights } from './line.ts'

/** A moment as people and logs read it. */
export function moment(at: number): string {
  return new Date(at).toISOString()
}

/** A length of time in its two largest units, e.g. `2 h 5 min`. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const [h, min, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  const parts = [h > 0 ? `${h} h` : '', min > 0 ? `${min} min` : '', s > 0 && h === 0 ? `${s} s` : '']
  return parts.filter((part) => part !== '').join(' ') || '0 s'
}

/** Weights as they are written in sentences. */
export function shares(weights: Weights | null): string {
  if (weights === null) return 'nothing'
  const entries = Object.entries(weights).filter(([, weight]) => weight !== 0)
  return entries.map(([name, weight]) => `${name} ${weight} %`).join(', ') || 'nobody'
}
