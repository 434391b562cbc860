/** Whether what the app needs can be reached, part by part. It tells strangers no more than that. */
export interface Readiness {
  readonly status: 'ok' | 'not ok'
  readonly parts: Readonly<Record<string, 'ok' | 'not ok'>>
}

export interface ReadinessOptions {
  /** Each resolves when its part can be used. */
  readonly parts: Readonly<Record<string, () => Promise<unknown>>>
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** How long a part may take to answer. */
  readonly limitMs: number
  /** How long an answer is good for: strangers cannot make the app ask more often. */
  readonly keepMs: number
}

/** Makes a check of readiness that asks all parts at once, and is shared by all who ask within `keepMs`. Never throws. */
export function createReadiness({ parts, now, sleep, limitMs, keepMs }: ReadinessOptions): () => Promise<Readiness> {
  let last: { readonly at: number; readonly answer: Promise<Readiness> } | null = null
  const ask = async (): Promise<Readiness> => {
    const names = Object.keys(parts)
    const answers = await Promise.all(Object.values(parts).map((part) => answersIn(part, limitMs, sleep)))
    const told = names.map((name, index) => [name, answers[index] === true ? 'ok' : 'not ok'] as const)
    return { status: answers.every(Boolean) ? 'ok' : 'not ok', parts: Object.fromEntries(told) }
  }
  return () => {
    if (last === null || now() - last.at >= keepMs) last = { at: now(), answer: ask() }
    return last.answer
  }
}

async function answersIn(
  part: () => Promise<unknown>,
  ms: number,
  sleep: (ms: number) => Promise<void>,
): Promise<boolean> {
  const asked = async () => {
    await part()
    return true
  }
  return Promise.race([asked().catch(() => false), sleep(ms).then(() => false)])
}
