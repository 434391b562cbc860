/**
 * Loads the bundle that its argument names, once, in a process that has loaded nothing before, and prints how long that took
 * in milliseconds. `@azure/functions-core` comes from the hook of the local Functions host, as Azure's worker supplies it.
 */
import { loadEntry } from '../sim/host/entry.ts'

const nothing = { dispose: () => {} }
const core = {
  version: '3.99.0',
  hostVersion: '4.99.0',
  registerFunction: () => nothing,
  registerHook: () => nothing,
  setProgrammingModel: () => {},
  getProgrammingModel: () => null,
  log: () => {},
  Disposable: class {},
}

const began = performance.now()
await loadEntry(process.argv[2] ?? '', core)
process.stdout.write(`${performance.now() - began}\n`)
process.exit(0)
