#!/usr/bin/env node
// The command `slipway`. Plain JavaScript, since it may be started by a Node that is too old for the rest: it finds one that
// is new enough (the lockfile brings one for Linux) and hands over.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const main = join(root, 'cli', 'main.ts')
const CANNOT_RUN = 1

if (!existsSync(join(root, 'node_modules', 'commander'))) {
  stop(`nothing is installed in ${root} yet; run npm ci there, and then the same command again.`)
} else if (process.features.typescript) {
  // Types are stripped once, and not at every start.
  module.enableCompileCache?.()
  await import(pathToFileURL(main).href)
} else {
  await handOver()
}

/** Runs the program in our place under the Node that the lockfile brought: same terminal, its exit code ours. */
async function handOver() {
  const node = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (!existsSync(node)) {
    const cure = 'On Linux npm ci brings it (without --omit=optional); elsewhere install Node 24 from nodejs.org.'
    stop(`Node 22.18 or newer is needed and this is ${process.version}. ${cure}`)
    return
  }
  const { spawn } = await import('node:child_process')
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => signal !== 'SIGINT' && child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
}

function stop(message) {
  process.stderr.write(`slipway: ${message}\n`)
  process.exitCode = CANNOT_RUN
}
