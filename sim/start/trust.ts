import { readFile } from 'node:fs/promises'

/** The local authority's certificate together with whatever NODE_EXTRA_CA_CERTS names already: the variable takes one file. */
export async function caBundle(ca: string): Promise<string> {
  const before = process.env.NODE_EXTRA_CA_CERTS
  if (before === undefined || before === '') return ca
  return `${await readFile(before, 'utf8')}\n${ca}`
}
