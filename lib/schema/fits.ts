import type { Manifest, SourceName } from '../core/service.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Issue } from './issue.ts'
import type { EnvironmentSettings, Settings } from './settings.ts'

/**
 * What a manifest asks for that this installation does not have: its environment, its registry, a KPI's source. Found when
 * a manifest is stored, so that nobody meets it in the middle of the night. Empty = it fits.
 */
export function misfits(manifest: Manifest, settings: Settings): readonly Issue[] {
  const environment = settings.environments[manifest.environment]
  const { registry } = manifest.image
  const issues: Issue[] = []
  if (environment === undefined) {
    const known = Object.keys(settings.environments)
    const message = `\`${manifest.environment}\` is not an environment of this installation (${known.join(', ')}).${didYouMean(manifest.environment, known)}`
    issues.push({ path: 'environment', message: `${message} The setting SLIPWAY_ENVIRONMENTS names them` })
  }
  if (settings.registries[registry] === undefined) {
    issues.push({
      path: 'image.registry',
      message: `\`${registry}\` is not on the allow-list; the setting SLIPWAY_REGISTRIES holds it`,
    })
  }
  if (environment !== undefined) issues.push(...withoutSource(manifest, environment))
  return issues
}

const NEEDS: Readonly<Record<SourceName, keyof EnvironmentSettings>> = {
  'azure-logs': 'logWorkspaceId',
  prometheus: 'prometheusUrl',
}

function withoutSource(manifest: Manifest, environment: EnvironmentSettings): readonly Issue[] {
  return manifest.analysis.kpis.flatMap((kpi, index) => {
    const needed = NEEDS[kpi.source]
    if (environment[needed] !== null) return []
    const message = `environment \`${manifest.environment}\` has no ${needed}, which \`${kpi.source}\` needs; set it in SLIPWAY_ENVIRONMENTS`
    return [{ path: `analysis.kpis[${index}].source`, message }]
  })
}
