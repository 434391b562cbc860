import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib'
import { build } from 'esbuild'
import type { PageFile } from '../lib/door/pages.ts'

const root = join(import.meta.dirname, '..')
const from = join(root, 'dashboard')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * Bundles the dashboard into `outdir`: scripts and styles with their content's hash in their names, each of them also
 * packed with brotli and gzip, and `files.json`, by which the door finds them. `base` is the path that they are served at.
 */
export async function buildDashboard(outdir: string, base = '/api/ui/'): Promise<void> {
  const made = await build({
    entryPoints: [join(from, 'main.tsx')],
    outdir,
    write: false,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2022', 'chrome110', 'firefox115', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    legalComments: 'none',
    logLevel: 'warning',
  })
  const icon = await readFile(join(from, 'favicon.svg'))
  const iconName = `favicon-${hashOf(icon).slice(0, 8)}.svg`
  const assets = new Map<string, Uint8Array>([[iconName, icon]])
  for (const { path, contents } of made.outputFiles) assets.set(basename(path), contents)
  const entry = (ending: string) =>
    base + [...assets.keys()].find((name) => new RegExp(`^main-.*\\${ending}$`).test(name))
  const template = await readFile(join(from, 'index.html'), 'utf8')
  const page = template
    .replace('{{favicon}}', base + iconName)
    .replace('{{style}}', entry('.css'))
    .replace('{{script}}', entry('.js'))
  await writeAll(outdir, new Map([...assets, ['index.html', Buffer.from(page)]]))
}

async function writeAll(outdir: string, assets: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await rm(outdir, { recursive: true, force: true })
  await mkdir(outdir, { recursive: true })
  const files: Record<string, PageFile> = {}
  for (const [name, bytes] of assets) {
    const quality = { params: { [zlib.BROTLI_PARAM_QUALITY]: zlib.BROTLI_MAX_QUALITY } }
    await writeFile(join(outdir, name), bytes)
    await writeFile(join(outdir, `${name}.br`), brotliCompressSync(bytes, quality))
    await writeFile(join(outdir, `${name}.gz`), gzipSync(bytes, { level: 9 }))
    const type = TYPES[extname(name)] ?? 'application/octet-stream'
    files[name] = { type, hash: hashOf(bytes).slice(0, 16), isNamedByContent: name !== 'index.html' }
  }
  await writeFile(join(outdir, 'files.json'), `${JSON.stringify(files, null, 2)}\n`)
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

if (process.argv[1] === import.meta.filename) {
  const outdir = process.argv[2] ?? join(root, 'dist', 'ui')
  await buildDashboard(outdir)
  process.stdout.write(`built ${outdir}\n`)
}
