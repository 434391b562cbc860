import type { Notice } from '../../core/notice.ts'

/** The version of CDEvents that is spoken. */
export const CDEVENTS = '0.5.1'

/**
 * A notice as a CDEvent in a CloudEvent 1.0 (structured JSON; CDEvents' own binding says which field becomes which). What
 * CDEvents has a word for is said with it: a service is upgraded or rolled back. The rest are custom events of the form
 * that CDEvents keeps for tools. `source` is a URI or a path that names this installation.
 */
export function cloudEventOf(notice: Notice, source: string): Readonly<Record<string, unknown>> {
  const { id, environment, service, rollout, at } = notice
  const time = new Date(at).toISOString()
  const subject = service === null ? environment : `${environment}/${service}`
  const type = typeOf(notice)
  const chain = rollout === null ? {} : { chainId: `${environment}/${rollout}` }
  const artifact = purlOf(notice)
  const content = {
    environment: { id: environment },
    ...(artifact === null ? {} : { artifactId: artifact }),
    ...(isCustom(type) ? { kind: notice.kind, severity: notice.severity } : {}),
  }
  return {
    specversion: '1.0',
    id,
    source,
    type,
    subject,
    time,
    datacontenttype: 'application/json',
    data: {
      context: { specversion: CDEVENTS, id, source, type, timestamp: time, ...chain },
      subject: { id: subject, source, content },
      customData: notice,
      customDataContentType: 'application/json',
    },
  }
}

/** Upgraded and rolled back need an artifact, which only a notice about a rollout has. */
function typeOf(notice: Notice): string {
  const { kind, outcome, image } = notice
  if (image !== null && kind === 'finished' && outcome === 'promoted') return 'dev.cdevents.service.upgraded.0.3.0'
  if (image !== null && (kind === 'rollback-confirmed' || (kind === 'finished' && wentBack(outcome))))
    return 'dev.cdevents.service.rolledback.0.3.0'
  const subject = notice.service === null ? 'environment' : notice.rollout === null ? 'service' : 'rollout'
  return `dev.cdeventsx.slipway-${subject}.${kind.replaceAll('-', '')}.0.1.0`
}

function wentBack(outcome: Notice['outcome']): boolean {
  return outcome === 'rolled-back' || outcome === 'aborted' || outcome === 'superseded'
}

function isCustom(type: string): boolean {
  return type.startsWith('dev.cdeventsx.')
}

/** The image as a package URL of type `oci`: pinned by digest, its registry and tag as qualifiers. */
function purlOf({ image, digest, tag }: Notice): string | null {
  if (image === null || digest === null) return null
  const name = image.slice(image.lastIndexOf('/') + 1).toLowerCase()
  const label = tag === null ? '' : `&tag=${encodeURIComponent(tag)}`
  return `pkg:oci/${name}@${encodeURIComponent(digest)}?repository_url=${encodeURIComponent(image)}${label}`
}
