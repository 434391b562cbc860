const Z95 = 1.959964

/** The 95 % Wilson interval of `bad` out of `total`: right for one look at one window, not for the worst of many. Null without events. */
export function wilson(bad: number, total: number): readonly [number, number] | null {
  if (total <= 0) return null
  const share = bad / total
  const z2 = (Z95 * Z95) / total
  const middle = (share + z2 / 2) / (1 + z2)
  const half = (Z95 * Math.sqrt((share * (1 - share)) / total + z2 / (4 * total))) / (1 + z2)
  return [bad <= 0 ? 0 : Math.max(0, middle - half), bad >= total ? 1 : Math.min(1, middle + half)]
}
