import { entityId, type Manifest } from '../core/service.ts'
import { formatIssue, type TextIssue } from './issue.ts'
import { toAnalysis } from './manifest-analysis.ts'
import { toApprovals } from './manifest-approvals.ts'
import { type ManifestContent, manifestSchema } from './manifest-shape.ts'
import { toStages } from './manifest-stages.ts'
import { readYaml, type YamlDocument } from './manifest-yaml.ts'
import { rawIssuesOf } from './zod-issues.ts'

export type ManifestRead =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly issues: readonly TextIssue[] }

export type ManifestsRead =
  | { readonly ok: true; readonly manifests: readonly Manifest[] }
  | { readonly ok: false; readonly issues: readonly TextIssue[] }

/**
 * Reads one manifest, YAML or JSON, with every default filled in; or tells all that is wrong with it, in the order of its
 * lines. `file` names the text in the issues. Never throws.
 */
export function readManifest(text: string, file?: string): ManifestRead {
  const read = readManifests(text, file)
  if (!read.ok) return read
  const [manifest, another] = read.manifests
  if (manifest !== undefined && another === undefined) return { ok: true, manifest }
  return { ok: false, issues: [whole(file, 'holds several manifests; give one at a time')] }
}

/**
 * Reads every manifest of a text whose YAML documents are divided by `---`. No two may have the same name in an environment
 * or run the same container app. All are read, or none. Never throws.
 */
export function readManifests(text: string, file?: string): ManifestsRead {
  const documents = readYaml(text, file ?? null)
  if (documents.length === 0) return { ok: false, issues: [whole(file, 'holds no manifest; it begins with `name:`')] }
  const read = documents.map(readDocument)
  const issues = [...read.flatMap((one) => one.issues), ...clashes(read)]
  if (issues.length > 0) return { ok: false, issues: inOrder(issues) }
  return { ok: true, manifests: read.flatMap(({ manifest }) => (manifest === null ? [] : [manifest])) }
}

interface DocumentRead {
  readonly document: YamlDocument
  readonly manifest: Manifest | null
  readonly issues: readonly TextIssue[]
}

function readDocument(document: YamlDocument): DocumentRead {
  if (document.content === undefined) return { document, manifest: null, issues: document.issues }
  const read = manifestSchema.safeParse(document.content)
  if (read.success) return { document, manifest: toManifest(read.data), issues: document.issues }
  const found = rawIssuesOf(read.error, manifestSchema, document.content).map(document.locate)
  return { document, manifest: null, issues: [...document.issues, ...found] }
}

function toManifest(content: ManifestContent): Manifest {
  const { target, image, deadlines } = content
  return {
    name: content.name,
    environment: content.environment,
    target: {
      subscriptionId: target.subscription,
      resourceGroup: target.resourceGroup,
      app: target.containerApp,
      container: target.container ?? null,
    },
    image,
    stages: toStages(content.strategy.canary.steps),
    analysis: toAnalysis(content.analysis),
    onNewRevision: content.onNewRevision,
    deadlines: { readyMs: deadlines.ready, trafficMs: deadlines.traffic, gateMs: deadlines.gate ?? null },
    approvals: toApprovals(content.approvals),
    drainMs: content.drain,
    scaleDownDelayMs: content.scaleDownDelay,
    watchMs: content.watch,
  }
}

/** Two manifests of one text that would be the same service, or move the same app's traffic. */
function clashes(read: readonly DocumentRead[]): readonly TextIssue[] {
  const services = new Set<string>()
  const apps = new Map<string, string>()
  return read.flatMap(({ document, manifest }) => {
    if (manifest === null) return []
    const { target, name } = manifest
    const app = [target.subscriptionId, target.resourceGroup, target.app].join('/').toLowerCase()
    const service = entityId(manifest)
    const owner = apps.get(app)
    const isTwin = services.has(service)
    services.add(service)
    apps.set(app, owner ?? name)
    if (isTwin)
      return [document.locate({ path: ['name'], key: null, message: `names \`${service}\` a second time; keep one` })]
    if (owner === undefined) return []
    const message = `is run by \`${owner}\` already; two services cannot move one app's traffic`
    return [document.locate({ path: ['target', 'containerApp'], key: null, message })]
  })
}

const MOST_ISSUES = 100

/** By line, nothing twice, at most 100: a text that wrong is not read to its end by anyone. */
function inOrder(issues: readonly TextIssue[]): readonly TextIssue[] {
  const seen = new Set<string>()
  return [...issues]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .filter((issue) => {
      const text = formatIssue(issue)
      const isNew = !seen.has(text)
      seen.add(text)
      return isNew
    })
    .slice(0, MOST_ISSUES)
}

function whole(file: string | undefined, message: string): TextIssue {
  return { path: '', file: file ?? null, line: 1, column: 1, message }
}
