/** What was read, with names in the place of pseudonyms where it tells them (`people`; null = erased). */
export function withPeople<T>(read: T): T {
  const { people, ...rest } = Object(read) as { readonly people?: Readonly<Record<string, string | null>> }
  if (typeof people !== 'object' || people === null || Array.isArray(people)) return read
  const named = (text: string) =>
    Object.entries(people).reduce(
      (said, [pseudonym, name]) => said.replaceAll(pseudonym, name ?? 'erased person'),
      text,
    )
  const text = JSON.stringify(rest)
  return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? named(value) : value)) as T
}
