import { stringify } from 'yaml'
import type * as z from 'zod'
import { canonical } from '../core/chain.ts'
import { durationText } from '../core/format.ts'
import type { Approvals, Kpi, Manifest, Measure, Source, Stage } from '../core/service.ts'
import { share } from './duration.ts'
import type { manifestSchema } from './manifest-shape.ts'
import { type sourceSchema, toSource } from './manifest-source.ts'

/** A manifest as a team writes it: the content of its YAML. */
export type ManifestDocument = z.input<typeof manifestSchema>

type Written<Part extends keyof ManifestDocument> = NonNullable<ManifestDocument[Part]>
type WrittenKpi = NonNullable<Written<'analysis'>['kpis']>[number]
type WrittenSource = z.input<typeof sourceSchema>
type WrittenSteps = Written<'strategy'>['canary']['steps']

/**
 * The manifest in its written form, every default spelled out: read again, it is this manifest. Not what its team wrote
 * to the letter: comments are gone, bakes are added up, and `analysis.minRequests` stands at each KPI.
 */
export function documentOf(manifest: Manifest): ManifestDocument {
  const { target, image, deadlines } = manifest
  return {
    name: manifest.name,
    environment: manifest.environment,
    target: {
      subscription: target.subscriptionId,
      resourceGroup: target.resourceGroup,
      containerApp: target.app,
      ...given('container', target.container),
    },
    image: {
      registry: image.registry,
      repository: image.repository,
      tags: image.tags.kind === 'glob' ? image.tags.pattern : { semver: image.tags.range },
    },
    strategy: { canary: { steps: stepsOf(manifest.stages) } },
    analysis: analysisOf(manifest),
    onNewRevision: manifest.onNewRevision,
    ...given('approvals', approvalsOf(manifest.approvals)),
    deadlines: {
      ready: durationText(deadlines.readyMs),
      traffic: durationText(deadlines.trafficMs),
      ...given('gate', textOrNull(deadlines.gateMs)),
    },
    drain: durationText(manifest.drainMs),
    scaleDownDelay: durationText(manifest.scaleDownDelayMs),
    watch: durationText(manifest.watchMs),
  }
}

/**
 * The written form as YAML. What YAML 1.1 takes for something else than text (`on`, `1_0`) is quoted as well, for the
 * editors and tools that still read that.
 */
export function writeManifest(manifest: Manifest): string {
  return stringify(documentOf(manifest), { aliasDuplicateObjects: false, compat: 'yaml-1.1', lineWidth: 0 })
}

function approvalsOf(approvals: Approvals | null): Written<'approvals'> | null {
  if (approvals === null) return null
  const { required, from, notAuthor, validForMs } = approvals
  return {
    required,
    ...given('from', from === null ? null : [...from]),
    notAuthor,
    ...given('validFor', textOrNull(validForMs)),
  }
}

/** An item a stage. A stage of the weight before it follows a gate: its bake alone opens it, even one of no time. */
function stepsOf(stages: readonly Stage[]): WrittenSteps {
  const steps = stages.map(({ weight, bakeMs, gate }, index) => {
    const opens = weight !== stages[index - 1]?.weight
    return {
      ...(opens ? { setWeight: weight } : {}),
      ...(opens && bakeMs === 0 ? {} : { bake: durationText(bakeMs) }),
      ...(gate ? { pause: {} } : {}),
    }
  })
  return steps.length > MOST_STEPS ? steps.slice(0, MOST_STEPS) : steps
}

/** A hundred items may make 101 stages; then the last is the one that is added to any plan. */
const MOST_STEPS = 100

function analysisOf({ analysis }: Manifest): Written<'analysis'> {
  const { onInconclusive, onBlind } = analysis
  return {
    interval: durationText(analysis.intervalMs),
    bucket: durationText(analysis.bucketMs),
    warmUp: durationText(analysis.warmUpMs),
    onInconclusive: { ...given('after', textOrNull(onInconclusive.afterMs)), then: onInconclusive.then },
    onRelative: analysis.onRelative,
    onBlind: { after: durationText(onBlind.afterMs), then: onBlind.then },
    requireEvidence: analysis.requireEvidence,
    kpis: analysis.kpis.map(kpiOf),
  }
}

function kpiOf(kpi: Kpi): WrittenKpi {
  return {
    name: kpi.name,
    role: kpi.role,
    ...measureOf(kpi),
    source: sourceOf(kpi.source),
    lag: durationText(kpi.lagMs),
    ...given('minRequests', kpi.minRequests),
  }
}

function measureOf(measure: Measure): Partial<WrittenKpi> {
  switch (measure.kind) {
    case 'latency':
      return { latency: { percentile: measure.percentile, limit: durationText(measure.limitMs) } }
    case 'error-rate': {
      const { limitRatio, alsoBad } = measure
      return { errorRate: { limit: shareOf(limitRatio), ...(alsoBad.length === 0 ? {} : { alsoBad: [...alsoBad] }) } }
    }
    case 'uptime':
      return { uptime: { target: targetOf(measure.limitRatio) } }
    case 'ratio':
      return { ratio: { limit: shareOf(measure.limitRatio) } }
    case 'gauge':
      return { gauge: { limit: measure.limit, wanted: measure.wanted } }
  }
}

/** The name alone where it means just this; else everything that the source must know. */
function sourceOf(source: Source): WrittenSource {
  if (source.kind === 'http') return { http: { url: source.url, ...given('secret', source.secret) } }
  if (canonical(source) === canonical(toSource(source.kind))) return source.kind
  switch (source.kind) {
    case 'app-insights':
      return { 'app-insights': given('dimension', source.dimension) }
    case 'prometheus':
      return { prometheus: { ...source.names, ...source.counters, ...given('gauge', source.gauge) } }
    case 'probe':
      return { probe: { path: source.path, count: source.count, timeout: durationText(source.timeoutMs) } }
    default:
      return source.kind
  }
}

const SHARE = share('A share to be written.')

/** A percentage where that is read as exactly this ratio, else the ratio itself. */
function shareOf(ratio: number): string | number {
  const percent = `${Number((ratio * 100).toPrecision(12))}%`
  return SHARE.safeParse(percent).data === ratio ? percent : ratio
}

/** The target that leaves this share: the one with few digits where it does, else the nearest that there is. */
function targetOf(limitRatio: number): string | number {
  const short = Number((1 - limitRatio).toPrecision(12))
  const leaves = Number((1 - short).toPrecision(9))
  return shareOf(leaves === limitRatio && short < 1 ? short : 1 - limitRatio)
}

function textOrNull(ms: number | null): string | null {
  return ms === null ? null : durationText(ms)
}

/** The key with its value, or nothing where there is no value. */
function given<Key extends string, Value>(key: Key, value: Value | null): { [K in Key]?: Value } {
  return value === null ? {} : ({ [key]: value } as { [K in Key]?: Value })
}
