import type { Container, EnvironmentVar, Template } from '@azure/arm-appcontainers'
import { revisionName } from '../../core/app.ts'
import type { Target } from '../../core/service.ts'
import { Fault } from '../../errors.ts'

type Tree = Readonly<Record<string, unknown>>

/** Longest whole revision name that was seen to be accepted; the documentation says 64. */
const LONGEST_REVISION_NAME = 54

/** `from` with another image in the target container and a fresh suffix, nothing else changed. Throws Fault `malformed`. */
export function candidateTemplate(what: string, from: Template, target: Target, image: string): Template {
  const containers = listOf(what, 'containers', from.containers ?? [])
  const meant = meantContainer(what, containers, target.container)
  return { ...from, containers: containers.map((one) => (one === meant ? { ...one, image } : one)) }
}

/**
 * A template as it was read, made fit to be written: nulls and read-only fields gone, secret-backed environment variables
 * without the empty `value` that Azure reads back (it refuses both together). Throws Fault `malformed` for a bad suffix, and
 * for what should be a list and is none.
 */
export function writableTemplate(what: string, app: string, read: Template, suffix: string): Template {
  checkSuffix(what, app, suffix)
  const template = withoutNulls(read) as Template
  return {
    ...template,
    revisionSuffix: suffix,
    ...listed(what, 'initContainers', template.initContainers, (one) => writable(what, one)),
    ...listed(what, 'containers', template.containers, (one) => writable(what, one)),
  }
}

/** The list of that name with `change` made to each; nothing where there is none. */
function listed<T>(what: string, name: string, list: readonly T[] | undefined, change: (item: T) => T): Tree {
  return list === undefined ? {} : { [name]: listOf(what, name, list).map(change) }
}

/** A list that is one: the SDK lets an empty text or a 0 through. */
function listOf<T>(what: string, name: string, list: readonly T[]): readonly T[] {
  if (Array.isArray(list)) return list
  const said = `${what}: ${name} came back as ${JSON.stringify(list)}, which is no list, so nothing can be copied from it.`
  throw new Fault('malformed', `${said} Nothing was sent.`)
}

/**
 * What must be sent so that a merge patch turns `stored` into `wanted`. A merge keeps every field that it does not name:
 * without this, a setting of the *newest* template (often the bad one) would shine through into a copy of an older one.
 */
export function mergePatch(wanted: Template, stored: Template | undefined): Template {
  // Null is how a merge patch deletes; the SDK's model has no word for it and its serialiser lets it pass.
  return covering(wanted as Tree, (stored ?? {}) as Tree) as Template
}

function covering(wanted: Tree, stored: Tree): Tree {
  const patch: Record<string, unknown> = { ...wanted }
  for (const [key, there] of Object.entries(stored)) {
    const want = wanted[key]
    if (isTree(want) && isTree(there)) patch[key] = covering(want, there)
    else if (want === undefined && isSet(there)) patch[key] = Array.isArray(there) ? [] : null
  }
  return patch
}

function isSet(value: unknown): boolean {
  return value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0)
}

/** The named container, or the only one when no name was given. */
function meantContainer(what: string, containers: readonly Container[], name: string | null): Container {
  const meant = name === null ? containers : containers.filter((one) => one.name === name)
  const only = meant[0]
  if (only !== undefined && meant.length === 1) return only
  const names = containers.map((one) => one.name).join(', ') || 'none'
  const wish = name === null ? 'name the container in the manifest' : `there is no container ${name}`
  throw new Fault('malformed', `${what}: ${wish}; the revision has: ${names}. Nothing was sent.`)
}

function writable<C extends Pick<Container, 'env' | 'resources'>>(what: string, container: C): C {
  const { env, resources, ...rest } = container
  return {
    ...rest,
    ...listed(what, 'env', env, writableVariable),
    ...(resources === undefined ? {} : { resources: { cpu: resources.cpu, memory: resources.memory } }),
  } as C
}

function writableVariable({ name, value, secretRef }: EnvironmentVar): EnvironmentVar {
  if (secretRef) return { name, secretRef } as EnvironmentVar
  return { name, ...(value === undefined ? {} : { value }) } as EnvironmentVar
}

function checkSuffix(what: string, app: string, suffix: string): void {
  const whole = revisionName(app, suffix)
  if (/^[a-z](?:-?[a-z0-9])*$/.test(suffix) && whole.length <= LONGEST_REVISION_NAME) return
  throw new Fault(
    'malformed',
    `${what}: ${whole} is no name for a revision: the suffix takes lower-case letters, digits and single dashes, begins with a letter, and the whole name has at most ${LONGEST_REVISION_NAME} characters. Nothing was sent.`,
  )
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNulls)
  if (!isTree(value)) return value
  const kept = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined)
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]))
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
