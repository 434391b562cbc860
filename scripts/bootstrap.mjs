// Runs one of this repository's programs on a machine that has nothing but Node >= 20 and npm: installs what the lockfile
// names when it is not there yet, finds a Node that is new enough (the lockfile brings one for Linux), and hands over.
//   node scripts/bootstrap.mjs <program.ts | package-bin> [arguments]
// Plain JavaScript without dependencies, since it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const NEEDED = 24

install()
const node = findNode()
const [program, ...args] = process.argv.slice(2)
if (program === undefined) stop('say which program to run: node scripts/bootstrap.mjs <program> [arguments]')
handOver(node, [...entryOf(program), ...args])

/** Installs by the lockfile unless that very lockfile was installed before. */
function install() {
  const stamp = join(root, 'node_modules', '.slipway-installed')
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  if (!existsSync(stamp) && isInstalled()) return
  process.stderr.write('Installing what the lockfile names (once; this takes about a minute) ...\n')
  const npm = process.env.npm_execpath
  const [command, head] = npm === undefined ? ['npm', []] : [process.execPath, [npm]]
  const done = spawnSync(command, [...head, 'ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (done.status !== 0)
    stop('npm ci did not succeed; its own words are above. Mend that and run the same command again.')
  writeFileSync(stamp, lock)
}

/** Whether npm itself wrote down that it put in place what the lockfile names; packages of other platforms may be missing. */
function isInstalled() {
  const noted = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(noted)) return false
  const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
  const there = packagesOf(noted)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, { integrity, optional }]) => {
    if (path === '') return true
    if (there[path] === undefined) return optional === true
    return there[path].integrity === integrity && existsSync(join(root, path))
  })
}

/** This Node where it is new enough, else the one that the lockfile brought. */
function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED) return process.execPath
  const brought = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(brought)) return brought
  return stop(
    `Node ${NEEDED} is needed and this is ${process.version}. On Linux npm brings it: install without --omit=optional ` +
      '(delete node_modules and run the same command again). Elsewhere install Node 24 from nodejs.org first.',
  )
}

/** A path of this repository as it stands, or the entry of an installed package's command. */
function entryOf(name) {
  if (existsSync(join(root, name))) return [join(root, name)]
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
  const bin = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin?.[name]
  return bin === undefined
    ? stop(`${name} is neither a file here nor a command that is installed`)
    : [join(root, 'node_modules', name, bin)]
}

/** Runs the program in our place: same terminal, signals passed on, its exit code ours. */
function handOver(node, argv) {
  const path = `${dirname(node)}:${process.env.PATH}`
  const child = spawn(node, argv, { stdio: 'inherit', env: { ...process.env, PATH: path } })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => signal !== 'SIGINT' && child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
}

function stop(message) {
  process.stderr.write(`slipway: ${message}\n`)
  process.exit(1)
}
