import { ManagedIdentityCredential } from '@azure/identity'
import { QueueServiceClient } from '@azure/storage-queue'
import type { Settings } from './registrations.ts'

/**
 * The queue service that a connection's settings name, as Functions reads them: a connection string under the name
 * itself, or `<name>__queueServiceUri` with a managed identity (`<name>__clientId` for a user-assigned one). Throws an
 * Error naming the settings when neither is there.
 */
export function queueServiceOf(settings: Settings, connection: string): QueueServiceClient {
  const connectionString = settings[connection] ?? settings[`AzureWebJobs${connection}`]
  if (connectionString !== undefined && connectionString !== '') {
    return QueueServiceClient.fromConnectionString(connectionString)
  }
  const uri = settings[`${connection}__queueServiceUri`]
  if (uri === undefined || uri === '') {
    throw new Error(
      `Connection ${connection}: set ${connection}__queueServiceUri, or ${connection} to a connection string.`,
    )
  }
  const clientId = settings[`${connection}__clientId`]
  const credential = clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential(clientId)
  return new QueueServiceClient(uri, credential)
}
