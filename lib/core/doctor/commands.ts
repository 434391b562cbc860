import type { Target } from '../service.ts'

/** The names that the commands of the doctor are filled in with; null where they cannot be told from the settings. */
export interface Names {
  /** Object id of the identity that this app runs as. */
  readonly principal: string | null
  /** Storage account. */
  readonly account: string | null
  readonly vault: string | null
  /** Name of the secret that holds the keys of the hooks. */
  readonly hookKeys: string
  /** The function app itself. */
  readonly site: { readonly name: string; readonly group: string } | null
}

/** A role assignment for the identity of this app; `scope` is a resource id, or a command in `$(…)` that prints one. */
export function assignRole({ principal }: Names, role: string, scope: string): string {
  const whom = principal ?? '<object id of the identity>'
  return `az role assignment create --assignee-object-id ${whom} --assignee-principal-type ServicePrincipal --role "${role}" --scope ${scope}`
}

/** The storage account as a scope. */
export function storageScope({ account }: Names): string {
  return `"$(az storage account show -n ${account ?? '<storage account>'} --query id -o tsv)"`
}

/** The key vault as a scope. */
export function vaultScope({ vault }: Names): string {
  return `"$(az keyvault show -n ${vault ?? '<key vault>'} --query id -o tsv)"`
}

/** A Log Analytics workspace as a scope, found by the id that queries name it with. */
export function workspaceScope(customerId: string): string {
  return `"$(az monitor log-analytics workspace list --query "[?customerId=='${customerId}'].id" -o tsv)"`
}

/** A container app's resource id. */
export function appId({ subscriptionId, resourceGroup, app }: Target): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.App/containerApps/${app}`
}

/** How `az containerapp` is told which app is meant. */
export function appArguments({ subscriptionId, resourceGroup, app }: Target): string {
  return `-n ${app} -g ${resourceGroup} --subscription ${subscriptionId}`
}

/** The account or vault that a service's URL names (`https://<name>.table.core.windows.net`); null for any other host. */
export function nameInUrl(url: string): string | null {
  return /^https:\/\/([a-z0-9-]+)\.(?:table|queue|vault)\.[a-z0-9.-]+$/.exec(url)?.[1] ?? null
}
