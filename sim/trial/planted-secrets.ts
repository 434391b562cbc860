import type { TraceBody } from './trace.ts'

/** Secrets that stand where a careless hand could let them out, each unlike anything else in a trace. */
export const PLANTED = {
  armToken: 'canary-arm-token-7f3a',
  sasKey: 'canary-sas-key-91bc',
  registryPassword: 'canary-registry-password-44d0',
  accountKey: 'canary-account-key-e6a2',
  sinkKey: 'canary-sink-key-0c58',
  environment: 'canary-environment-variable-b71e',
  cause: 'canary-of-a-cause-5d9f',
} as const

const WHERE: Readonly<Record<keyof typeof PLANTED, string>> = {
  armToken: 'a refusal of ARM',
  sasKey: 'an answer of a broken ARM',
  registryPassword: 'a refusal of the registry',
  accountKey: 'an error of storage',
  sinkKey: 'an error of a sink',
  environment: 'the environment variables of every app',
  cause: 'what lies beneath an error of storage',
}

/** Tells what must never be told, for the beginning of a trace. */
export function tellSecrets(tell: (event: TraceBody) => void): void {
  for (const [name, value] of Object.entries(PLANTED))
    tell({ kind: 'secret', value, where: WHERE[name as keyof typeof PLANTED] })
}
