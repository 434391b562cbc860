import { formatIssue } from '../../lib/schema/issue.ts'
import type { Call } from '../call.ts'
import { EXIT } from '../exit.ts'
import { type Linted, lintedFile } from '../manifest-texts.ts'
import { sign } from '../words.ts'

/** `slipway lint`: whether manifests are right, without asking anybody. Exit code 1 where one is not. */
export async function run({ io, options, args }: Call): Promise<number> {
  const files: Linted[] = []
  for (const file of args as readonly string[]) files.push(await lintedFile(file))
  const issues = files.flatMap((file) => file.issues)
  if (options.json === true) io.write(JSON.stringify({ files: files.map(bodyOf) }))
  else {
    for (const issue of issues) io.write(formatIssue(issue))
    for (const { file, manifests } of files.filter((one) => one.issues.length === 0))
      io.talk(
        `${sign({ ...io, isColoured: false }, 'good')} ${file}: ${manifests.map(({ environment, name }) => `${environment}/${name}`).join(', ')}`,
      )
    if (issues.length > 0)
      io.talk(
        `${issues.length} ${issues.length === 1 ? 'mistake' : 'mistakes'}. Every key is told in docs/manifest.md.`,
      )
  }
  return issues.length === 0 ? EXIT.ok : EXIT.error
}

function bodyOf({ file, manifests, issues }: Linted) {
  return { file, services: manifests.map(({ environment, name }) => ({ environment, name })), issues }
}
