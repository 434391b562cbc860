/**
 * How many bad events are among `drawn` of these events, each as likely as any other to be drawn, where fate draws `u` in
 * (0, 1): hypergeometric, by summing outward from the likeliest count.
 */
export function drawnBad(
  { bad, total }: { readonly bad: number; readonly total: number },
  drawn: number,
  u: number,
): number {
  const least = Math.max(0, drawn - (total - bad))
  const most = Math.min(bad, drawn)
  const likeliest = Math.min(most, Math.max(least, Math.floor(((drawn + 1) * (bad + 1)) / (total + 2))))
  const good = total - bad
  const chanceOfIt = Math.exp(choices(bad, likeliest) + choices(good, drawn - likeliest) - choices(total, drawn))
  let [up, down, above, below] = [likeliest, likeliest, chanceOfIt, chanceOfIt]
  let rest = u - chanceOfIt
  // Below this both tails are too thin to count, and what is left of u is rounding.
  while (rest > 0 && above + below > 1e-18) {
    above *= up < most ? ((bad - up) * (drawn - up)) / ((up + 1) * (good - drawn + up + 1)) : 0
    up += 1
    rest -= above
    if (rest <= 0 && above > 0) return up
    below *= down > least ? (down * (good - drawn + down)) / ((bad - down + 1) * (drawn - down + 1)) : 0
    down -= 1
    rest -= below
    if (rest <= 0 && below > 0) return down
  }
  return likeliest
}

/** The logarithm of the ways to choose `some` of `all`. */
function choices(all: number, some: number): number {
  return logFactorial(all) - logFactorial(some) - logFactorial(all - some)
}

/** ln n!, summed up to 20 and by Stirling's series above, where its error is below 1e-9. */
function logFactorial(n: number): number {
  if (n <= 20) {
    let sum = 0
    for (let factor = 2; factor <= n; factor += 1) sum += Math.log(factor)
    return sum
  }
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3)
}
