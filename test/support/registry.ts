import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { runProgram } from './parts.ts'

/** Debian's docker-registry (CNCF Distribution) on loopback, whose notifications go to `hook`. */
export interface RealRegistry {
  /** `127.0.0.1:<port>`: the host as it stands in image names. */
  readonly host: string
  /** Pushes an image of its own content with skopeo; resolves to nothing, the registry tells the hook by itself. */
  push(repository: string, tag: string): Promise<void>
  stop(): Promise<void>
}

/** Where the registry posts its notifications, and with which Authorization header. */
export interface Hook {
  readonly url: string
  readonly authorization: string
}

/** Starts the registry and waits until it answers. Its port is chosen by the caller, since manifests must name it first. */
export async function startRegistry(port: number, hook: Hook): Promise<RealRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-registry-'))
  await writeFile(join(folder, 'config.yml'), configuration(port, folder, hook))
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
  const host = `127.0.0.1:${port}`
  await untilReady(`http://${host}/v2/`, child)
  return {
    host,
    push: async (repository, tag) => {
      const layout = join(folder, `layout-${repository}-${tag}`)
      await writeLayout(layout, `${repository}:${tag}`)
      runProgram('skopeo', [
        'copy',
        '--insecure-policy',
        '--dest-tls-verify=false',
        `oci:${layout}:${tag}`,
        `docker://${host}/${repository}:${tag}`,
      ])
    },
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null && child.kill('SIGTERM')) await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configuration(port: number, folder: string, hook: Hook): string {
  return JSON.stringify({
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: `127.0.0.1:${port}` },
    notifications: {
      endpoints: [
        {
          name: 'slipway',
          url: hook.url,
          headers: { Authorization: [hook.authorization] },
          timeout: '5s',
          threshold: 3,
          backoff: '1s',
        },
      ],
    },
  })
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with code ${child.exitCode}`)
    const answer = await fetch(url).catch(() => null)
    await answer?.arrayBuffer()
    if (answer?.ok === true) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('docker-registry was not ready within 30 s')
}

/** An OCI image layout with one empty layer; `content` makes its digest its own. */
async function writeLayout(folder: string, content: string): Promise<void> {
  await mkdir(join(folder, 'blobs', 'sha256'), { recursive: true })
  const layer = gzipSync(Buffer.alloc(1024))
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Labels: { content } },
      rootfs: { type: 'layers', diff_ids: [digestOf(Buffer.alloc(1024))] },
    }),
  )
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
      layers: [
        { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(layer), size: layer.length },
      ],
    }),
  )
  for (const blob of [layer, config, manifest])
    await writeFile(join(folder, 'blobs', 'sha256', digestOf(blob).slice(7)), blob)
  const tag = content.split(':').at(-1)
  const entry = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(manifest),
    size: manifest.length,
    annotations: { 'org.opencontainers.image.ref.name': tag },
  }
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }))
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
