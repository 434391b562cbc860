/** One thing that is wrong with what came in. `path` names the place (`analysis.kpis[0].limit`), '' for the whole text. */
export interface Issue {
  readonly path: string
  /** What is wrong and what to do about it, as a sentence. */
  readonly message: string
}

/** An issue with its place in a text: `line` and `column` count from 1, `file` is null where the text has no name. */
export interface TextIssue extends Issue {
  readonly file: string | null
  readonly line: number
  readonly column: number
}

/** Writes a path as people read it: `['steps', 1, 'bake']` becomes `steps[1].bake`. Keys are shortened and made harmless. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    const key = quotable(String(part), 60)
    return text === '' ? key : `${text}.${key}`
  }, '')
}

/** One line for a person: `file:line:column path: message`; parts that are not known are left out. */
export function formatIssue(issue: Issue & Partial<TextIssue>): string {
  const place =
    issue.line === undefined ? '' : `${issue.file ?? 'line '}${issue.file ? ':' : ''}${issue.line}:${issue.column} `
  return `${place}${issue.path === '' ? '' : `${issue.path}: `}${issue.message}`
}

/** Foreign text made fit for a message or a log line: no control or direction characters, at most `limit` characters. */
export function quotable(text: string, limit = 80): string {
  const clean = text.slice(0, limit + 1).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '�')
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean
}
