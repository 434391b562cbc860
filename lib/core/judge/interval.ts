/** Placeholder until statistics land. */
export function statedInterval(_bad: number, _total: number): readonly [number, number] | null {
  return null
}
