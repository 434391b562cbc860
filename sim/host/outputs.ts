import type { Binding, FunctionMetadata, InvocationResponse, TypedData } from './functions-core.ts'

/** Puts a text on a queue of a connection; the host encodes it and makes the queue when it is not there. */
export type Send = (connection: string, queueName: string, text: string) => Promise<void>

/** Sends what an invocation left in its queue outputs. An array is one message for each of its items. */
export async function sendOutputs(metadata: FunctionMetadata, response: InvocationResponse, send: Send): Promise<void> {
  const outputs = response.outputData.map(({ name, data }) => ({ name, data }))
  if (response.returnValue) outputs.push({ name: '$return', data: response.returnValue })
  for (const { name, data } of outputs) {
    const binding = metadata.bindings[name]
    if (binding?.type !== 'queue') continue
    for (const text of messagesOf(data)) await send(connectionOf(binding), binding.queueName ?? '', text)
  }
}

/** The setting prefix of a binding's storage account; Azure's own storage setting where it names none. */
export function connectionOf(binding: Binding): string {
  return binding.connection === undefined || binding.connection === '' ? 'AzureWebJobsStorage' : binding.connection
}

function messagesOf(data: TypedData): readonly string[] {
  if (data.string !== undefined) return [data.string]
  if (data.bytes !== undefined) return [Buffer.from(data.bytes).toString('utf8')]
  const value: unknown = JSON.parse(data.json ?? 'null')
  if (value === null) return []
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  return items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
}
