import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { buildDashboard } from './build-dashboard.ts'

const root = join(import.meta.dirname, '..')

/** What an ES module needs so that bundled CommonJS packages still find `require`. */
const REQUIRE =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);"

/**
 * Bundles the function app: every door of functions/ into `<outdir>/main.mjs`, with what a door does not need at once (the
 * Azure SDKs) in chunks of their own that are loaded at first use. `@azure/functions-core` is the worker's own and stays out.
 * The dashboard's files lie beside it in `ui/` and are read when somebody asks for them.
 */
export async function buildApp(outdir = join(root, 'dist')): Promise<string> {
  const doors = (await readdir(join(root, 'functions'))).filter((name) => name.endsWith('.ts')).sort()
  const entry = await bundle(
    doors.map((door) => `./functions/${door}`),
    outdir,
  )
  await buildDashboard(join(outdir, 'ui'))
  return entry
}

/** Bundles `modules`, named from the root of the repository, into `<outdir>/main.mjs` in the way of the function app. */
export async function bundle(modules: readonly string[], outdir: string): Promise<string> {
  await rm(outdir, { recursive: true, force: true })
  await mkdir(outdir, { recursive: true })
  await build({
    stdin: {
      contents: modules.map((path) => `import '${path}'`).join('\n'),
      resolveDir: root,
      sourcefile: 'doors.ts',
    },
    outdir,
    entryNames: 'main',
    chunkNames: 'chunks/[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    keepNames: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    external: ['@azure/functions-core'],
    banner: { js: REQUIRE },
    logLevel: 'warning',
  })
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}\n')
  return join(outdir, 'main.mjs')
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`built ${await buildApp()}\n`)
