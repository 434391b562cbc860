import type { Manifest, Source } from '../core/service.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Issue } from './issue.ts'
import type { EnvironmentSettings, Settings } from './settings.ts'

/**
 * What a manifest asks for that this installation does not have: its environment, its registry, a KPI's source. Found when
 * a manifest is stored, so that nobody meets it in the middle of the night. Empty = it fits.
 */
export function misfits(manifest: Manifest, settings: Settings): readonly Issue[] {
  const environment = own(settings.environments, manifest.environment)
  const { registry } = manifest.image
  const issues: Issue[] = []
  if (environment === undefined) {
    const known = Object.keys(settings.environments)
    const message = `\`${manifest.environment}\` is not an environment of this installation (${known.join(', ')}).${didYouMean(manifest.environment, known)}`
    issues.push({ path: 'environment', message: `${message} The setting SLIPWAY_ENVIRONMENTS names them` })
  }
  if (own(settings.registries, registry) === undefined) {
    issues.push({
      path: 'image.registry',
      message: `\`${registry}\` is not on the allow-list; the setting SLIPWAY_REGISTRIES holds it`,
    })
  }
  if (environment !== undefined) issues.push(...withoutSource(manifest, environment))
  return issues
}

function withoutSource(manifest: Manifest, environment: EnvironmentSettings): readonly Issue[] {
  return manifest.analysis.kpis.flatMap((kpi, index) => {
    const lack = lackOf(kpi.source, environment)
    if (lack === null) return []
    const message = `environment \`${manifest.environment}\` has no ${lack}, which \`${kpi.source.kind}\` needs; set it in SLIPWAY_ENVIRONMENTS`
    return [{ path: `analysis.kpis[${index}].source`, message }]
  })
}

/** What the environment lacks for this source; null where nothing is missing. */
function lackOf(source: Source, environment: EnvironmentSettings): string | null {
  switch (source.kind) {
    case 'azure-logs':
    case 'app-insights':
      return environment.logWorkspaceId === null ? 'logWorkspaceId' : null
    case 'prometheus':
      return environment.prometheusUrl === null ? 'prometheusUrl' : null
    case 'http': {
      const { origin } = new URL(source.url)
      const secrets = own(environment.httpOrigins, origin)
      if (secrets === undefined) return `${origin} among its httpOrigins`
      if (source.secret === null || secrets.includes(source.secret)) return null
      return `secret ${source.secret} for ${origin} in its httpOrigins`
    }
    default:
      return null
  }
}

/** An entry of that name, and never what every object has by birth: `constructor` is a well-formed name, too. */
function own<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined
}
