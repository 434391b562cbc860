/**
 * `npm run session`: drives the command line against the local stack, and records what it says in docs/cli-session.md. What is
 * recorded is what was printed: commands, their output (both streams, as a terminal shows them) and their exit codes.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wallClock } from '../sim/clock.ts'
import { createLoad } from '../sim/load.ts'
import { SERVICES, startStack } from '../sim/start/stack.ts'

const ROOT = join(import.meta.dirname, '..')
const FILE = join(ROOT, 'docs', 'cli-session.md')

/** As in production, but for the lengths: hours are squeezed into seconds. A person opens the gate after the first step. */
const MANIFEST = `name: pricing
environment: production
target:
  subscription: 00000000-0000-0000-0000-000000000001
  resourceGroup: rides
  containerApp: pricing
image: { registry: registry.example.com, repository: pricing, tags: { glob: "v*" } }
strategy:
  canary:
    steps: [ { setWeight: 10 }, { bake: 12s }, { pause: {} }, { setWeight: 50 }, { bake: 8s }, { setWeight: 100 } ]
analysis:
  interval: 1s
  bucket: 1s
  warmUp: 2s
  minRequests: 50
  kpis:
    - { name: p95, latency: { percentile: 95, limit: 200ms }, source: azure-logs, lag: 2s }
    - { name: errors, errorRate: { limit: 0.1% }, source: azure-logs, lag: 2s }
deadlines: { ready: 60s, traffic: 60s }
drain: 3s
scaleDownDelay: 5s
watch: 8s
`

/** A heading of the document, a sentence about it, and the commands; `sleep` waits for so many seconds and is not recorded. */
const CHAPTERS: readonly (readonly [heading: string, about: string, commands: readonly string[]])[] = [
  [
    'What there is',
    'Next to `npm start` no address and no login is needed: the command finds the local stack by its file.',
    ['slipway whoami', 'slipway services'],
  ],
  [
    'A manifest, looked at before it is stored',
    'With a gate after the first step. On a terminal `put` asks; here `--yes` says that it is meant.',
    ['slipway lint pricing.yaml', 'slipway manifest put pricing.yaml --yes'],
  ],
  [
    'A new image, step by step',
    'A pipeline waits with `status --wait`; its exit code 5 says that a person is needed.',
    ['slipway push pricing v2', 'sleep 14', 'slipway get pricing', 'slipway status pricing --wait --timeout 5m'],
  ],
  [
    'The gate',
    'An approval is bound to the rollout, the step and the digest that wait.',
    [
      'slipway approvals',
      'slipway approve pricing --reason "prices look right"',
      'slipway status pricing --wait --timeout 5m',
    ],
  ],
  [
    'A slow image is rolled back',
    'Nobody does anything; exit code 3.',
    ['slipway push pricing v3 --slow', 'slipway status pricing-2 --wait --timeout 5m', 'slipway get pricing'],
  ],
  [
    'A person stops one',
    'An abort asks nothing.',
    [
      'slipway push pricing v4',
      'sleep 12',
      'slipway abort pricing --reason "wrong branch"',
      'slipway status pricing --wait',
    ],
  ],
  [
    'Why, and the proof',
    'Every row of the audit can be explained, and the chain is walked on this machine.',
    ['slipway rollouts pricing', 'slipway audit explain pricing-3', 'slipway audit verify', 'slipway delivery'],
  ],
  [
    'A release that turns out bad when it serves everybody',
    'Brought to everybody by hand, and taken back: what served before has all traffic again.',
    [
      'slipway push pricing v5',
      'sleep 12',
      'slipway promote pricing --full --yes --reason "the shop is down without it"',
      'slipway status pricing --wait',
      'slipway undo pricing --dry-run',
      'slipway undo pricing --yes --reason "prices are wrong"',
      'slipway status pricing --wait',
      'slipway get pricing',
    ],
  ],
]

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-session-'))
  await writeFile(join(folder, 'pricing.yaml'), MANIFEST)
  const stack = await startStack(join(folder, '.slipway'))
  const streams = SERVICES.map((name) => ({ name, url: stack.local.services[name] ?? '', rps: 60 }))
  const load = createLoad({ streams, clock: wallClock })
  try {
    const parts: string[] = []
    for (const [heading, about, commands] of CHAPTERS) {
      const recorded: string[] = []
      for (const command of commands) recorded.push(...(await record(command, folder)))
      parts.push(`## ${heading}\n\n${about}\n\n\`\`\`text\n${recorded.join('\n')}\n\`\`\`\n`)
    }
    await writeFile(FILE, `${HEAD}\n${parts.join('\n')}`)
  } finally {
    await load.close()
    await stack.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const HEAD = `# A session with \`slipway\`

Recorded by \`npm run session\`: the local stack with clients that never stop asking, and a manifest whose hours are squeezed into
seconds. What stands here was printed so; only blanks at the ends of lines were taken off. Commands and options: [cli.md](cli.md).
`

/** Runs a command and gives what a terminal would show of it. */
async function record(line: string, cwd: string): Promise<readonly string[]> {
  const [, seconds] = /^sleep (\d+)$/.exec(line) ?? []
  if (seconds !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000))
    return []
  }
  process.stdout.write(`$ ${line}\n`)
  const { code, said } = await shell(line.replace(/^slipway/, `"$NODE" "$SLIPWAY"`), cwd)
  const exit = code === 0 ? [] : [`(exit code ${code})`]
  return [
    `$ ${line}`,
    ...said
      .trimEnd()
      .split('\n')
      .map((each) => each.trimEnd()),
    ...exit,
    '',
  ]
}

function shell(line: string, cwd: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const env = {
    ...process.env,
    NODE: process.execPath,
    SLIPWAY: join(ROOT, 'cli', 'slipway.mjs'),
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
  }
  const child = spawn('sh', ['-c', `${line} 2>&1`], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (part: Buffer) => (said += part.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, said }))
  })
}

await main()
