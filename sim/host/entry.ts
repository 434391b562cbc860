import { createRequire, Module } from 'node:module'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'

const CORE = '@azure/functions-core'
const require = createRequire(import.meta.url)
let loads = 0
let turn: Promise<unknown> = Promise.resolve()

/**
 * Loads a bundle so that its `require('@azure/functions-core')` finds `coreApi`. The library asks once, at its first
 * `app.*` call, and keeps the answer; so each load is a fresh copy of the module, and loads wait for each other.
 */
export function loadEntry(entry: string, coreApi: object): Promise<void> {
  const load = () => withCore(coreApi, () => loadFresh(entry))
  const loaded = turn.then(load, load)
  turn = loaded.catch(() => undefined)
  return loaded
}

/** The real worker wraps `Module.prototype.require` too. Taken off again afterwards: one process may run several hosts. */
async function withCore(coreApi: object, load: () => Promise<void>): Promise<void> {
  const original = Module.prototype.require
  Module.prototype.require = new Proxy(original, {
    apply: (target, self, args) => (args[0] === CORE ? coreApi : Reflect.apply(target, self, args)),
  })
  try {
    await load()
  } finally {
    Module.prototype.require = original
  }
}

async function loadFresh(entry: string): Promise<void> {
  if (extname(entry) === '.cjs') {
    delete require.cache[require.resolve(entry)]
    require(entry)
    return
  }
  loads += 1
  await import(`${pathToFileURL(entry).href}?load=${loads}`)
}
