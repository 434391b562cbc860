import { badRequest } from './refusal.ts'
import type { AppState } from './state.ts'
import { isObject, type Json, type WireSecret, type WireTemplate, type WireTraffic, type WireVariable } from './wire.ts'

/** Revision names longer than this are refused in practice (Altinn/dialogporten#3942); the documentation says 64. */
export const LONGEST_REVISION_NAME = 54

/** Refuses a body that is no app envelope. Codes whose live wording is not known are in Azure's style. Throws ArmRefusal. */
export function checkEnvelope(body: unknown): Json {
  if (!isObject(body))
    throw badRequest('InvalidRequestContent', 'The request content was invalid: an object is expected.')
  for (const part of ['properties', 'tags']) {
    const value = body[part]
    if (value !== undefined && value !== null && !isObject(value)) {
      throw badRequest('InvalidRequestContent', `The request content was invalid: '${part}' must be an object.`)
    }
  }
  return body
}

/** Refuses traffic that does not total 100, that names no revision of the app, or that uses a label twice. Throws ArmRefusal. */
export function checkTraffic(app: AppState, traffic: unknown): void {
  if (!Array.isArray(traffic)) throw badRequest('InvalidRequestContent', "'ingress.traffic' must be an array.")
  const entries = traffic as readonly WireTraffic[]
  const total = entries.reduce((sum, entry) => sum + (entry.weight ?? 0), 0)
  if (total !== 100) {
    throw badRequest('ContainerAppInvalidTrafficWeight', `Traffic weights must total 100, but they total ${total}.`)
  }
  const labels = new Set<string>()
  for (const entry of entries) {
    checkEntry(app, entry)
    if (entry.label === undefined) continue
    if (labels.has(entry.label)) throw badRequest('ContainerAppDuplicateLabel', `Label '${entry.label}' is used twice.`)
    labels.add(entry.label)
  }
}

/** Refuses a template that Azure would not even try. Throws ArmRefusal. */
export function checkTemplate(app: AppState, template: unknown, secrets: readonly WireSecret[]): void {
  const containers = isObject(template) ? template.containers : undefined
  if (!Array.isArray(containers) || containers.length === 0) {
    throw badRequest('ContainerAppContainersMissing', 'The template must have at least one container.')
  }
  const checked = template as unknown as WireTemplate
  for (const container of checked.containers) {
    if (typeof container.name !== 'string' || typeof container.image !== 'string') {
      throw invalidField('template.containers', 'every container needs a name and an image')
    }
    for (const variable of container.env ?? []) checkVariable(container.name, variable, secrets)
  }
  checkResources(checked)
  checkSuffix(app, checked.revisionSuffix ?? '')
}

/** Refuses secrets without a value: what GET shows cannot be sent back (Azure/azure-sdk-for-net#41244). Throws ArmRefusal. */
export function checkSecrets(secrets: unknown): void {
  if (!Array.isArray(secrets)) throw badRequest('InvalidRequestContent', "'configuration.secrets' must be an array.")
  for (const secret of secrets as readonly WireSecret[]) {
    const complete = secret.value !== undefined || (secret.keyVaultUrl !== undefined && secret.identity !== undefined)
    if (complete) continue
    const message = `Container app secret(s) with name(s) '${secret.name}' are invalid: value or keyVaultUrl and identity should be provided.`
    throw badRequest('ContainerAppSecretInvalid', message)
  }
}

/** Refuses names that the field refuses: the words are Azure's for an invalid part of a template. */
export function invalidField(field: string, details: string): Error {
  const message = `The following field(s) are either invalid or missing. Field '${field}' is invalid with details: '${details}'.`
  return badRequest('InvalidParameterValueInContainerTemplate', message)
}

/** An inactive revision is taken without a word: that too is live Azure (microsoft/azure-container-apps#1345). */
function checkEntry(app: AppState, entry: WireTraffic): void {
  const { weight, revisionName } = entry
  if (weight !== undefined && !(Number.isInteger(weight) && weight >= 0 && weight <= 100)) {
    throw badRequest(
      'ContainerAppInvalidTrafficWeight',
      `Traffic weight ${weight} is not a whole number from 0 to 100.`,
    )
  }
  if (entry.latestRevision === true) return
  const known = app.revisions.some((revision) => revision.name === revisionName)
  if (known) return
  const carried = app.applied.configuration.ingress.traffic.some((old) => old.revisionName === revisionName)
  if (carried && (weight ?? 0) === 0) return
  throw badRequest('ContainerAppTrafficRevisionNotFound', `Revision '${revisionName}' in traffic was not found.`)
}

function checkVariable(container: string, variable: WireVariable, secrets: readonly WireSecret[]): void {
  const { name, value, secretRef } = variable
  if (secretRef === undefined || secretRef === '') return
  if (value !== undefined) {
    throw invalidField(`template.containers.${container}.env.${name}`, 'value and secretRef cannot both be set')
  }
  if (!secrets.some((secret) => secret.name === secretRef)) {
    const message = `SecretRef '${secretRef}' defined for container '${container}' not found.`
    throw badRequest('ContainerAppSecretRefNotFound', message)
  }
}

/** CPU and memory of all containers together must be a pair that Container Apps sells: 0.25 steps, 2 Gi per core. */
function checkResources(template: WireTemplate): void {
  let cpu = 0
  let memory = 0
  for (const { resources } of template.containers) {
    cpu += resources?.cpu ?? 0.5
    memory += Number.parseFloat(resources?.memory ?? '1Gi')
  }
  const sold = cpu >= 0.25 && cpu <= 4 && Number.isInteger(cpu * 4) && memory === cpu * 2
  if (sold) return
  const message = `The total requested CPU and memory resources for this application (CPU: ${cpu}, memory: ${memory}Gi) is invalid. Total CPU and memory for all containers defined in a Container App must add up to one of the allowed combinations.`
  throw badRequest('ContainerAppInvalidResourceTotal', message)
}

function checkSuffix(app: AppState, suffix: string): void {
  if (suffix === '') return
  const legal = /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(suffix) && !suffix.includes('--')
  const name = `${app.key.app}--${suffix}`
  if (legal && name.length <= LONGEST_REVISION_NAME) return
  const rule = `lower case letters, digits and single dashes, beginning with a letter, '${name}' at most ${LONGEST_REVISION_NAME} characters`
  throw invalidField('template.revisionsuffix', `Invalid value: "${suffix}": ${rule}`)
}
