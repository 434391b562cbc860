import type { Manifest } from '../lib/core/service.ts'
import { formatIssue, type TextIssue } from '../lib/schema/issue.ts'
import { readManifests } from '../lib/schema/manifest.ts'
import { EXIT, Refusal } from './exit.ts'
import { readText } from './text-file.ts'

/** What a file of manifests says, or what is wrong with it. */
export interface Linted {
  readonly file: string
  readonly manifests: readonly Manifest[]
  readonly issues: readonly TextIssue[]
}

/** Reads a file of manifests, divided by `---`, and tells all that is wrong with it. Throws Refusal where it cannot be read. */
export async function lintedFile(file: string): Promise<Linted> {
  const read = readManifests(await readText(file, 'manifest'), file)
  return read.ok ? { file, manifests: read.manifests, issues: [] } : { file, manifests: [], issues: read.issues }
}

/** The one manifest of a file and its text, ready to be sent. Throws Refusal with every issue, a line each. */
export async function sendableManifest(file: string): Promise<{ readonly text: string; readonly manifest: Manifest }> {
  const text = await readText(file, 'manifest')
  const read = readManifests(text, file)
  if (!read.ok) throw new Refusal(EXIT.error, read.issues.map(formatIssue))
  const [manifest, another] = read.manifests
  if (manifest === undefined || another !== undefined)
    throw new Refusal(EXIT.error, `${file} holds ${read.manifests.length} manifests; give one at a time`)
  return { text, manifest }
}
