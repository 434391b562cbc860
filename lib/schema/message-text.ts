/**
 * The text of a queue's message as it was sent. The host hands over JSON as a value; beside it, in the trigger's metadata,
 * it gives the text (Functions, Storage queue trigger, `QueueTrigger`). Where it does not: the value as JSON.
 */
export function asItCame(message: unknown, metadata: Readonly<Record<string, unknown>> | undefined): string {
  const text = metadata?.queueTrigger ?? metadata?.QueueTrigger
  if (typeof text === 'string') return text
  return typeof message === 'string' ? message : (JSON.stringify(message) ?? '')
}
