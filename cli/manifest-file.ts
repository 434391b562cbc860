import type { Manifest } from '../lib/core/service.ts'
import { formatIssue } from '../lib/schema/issue.ts'
import { readManifest } from '../lib/schema/manifest.ts'
import { EXIT, Refusal } from './exit.ts'
import { readText } from './text-file.ts'

/** The manifest of a file, with every default filled in. Throws Refusal with every issue, a line each. */
export async function manifestOf(file: string): Promise<Manifest> {
  const read = readManifest(await readText(file, 'manifest'), file)
  if (read.ok) return read.manifest
  throw new Refusal(EXIT.error, read.issues.map(formatIssue))
}
