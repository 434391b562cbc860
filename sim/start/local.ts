/**
 * Talks to the running local stack: `npm run local -- push pricing v4 [--slow] [--failing]`, `… watch pricing`,
 * `… abort pricing`, `… token viewer`. It finds the stack by `.slipway/local.json`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, type Local } from './client.ts'
import { createScreen, picture } from './screen.ts'
import { localToken, roleNamed } from './token.ts'

const USAGE = `Usage: npm run local -- push <service> <tag> [--slow] [--failing]
       npm run local -- watch <service>
       npm run local -- status <service>
       npm run local -- token [viewer|operator|approver|admin]
       npm run local -- <promote|promote-full|pause|resume|abort|retry> <service>`
const FLAGS = ['--slow', '--failing']
const VERBS = ['promote', 'promote-full', 'pause', 'resume', 'abort', 'retry']

function readLocal(): Local {
  const file = join(import.meta.dirname, '..', '..', '.slipway', 'local.json')
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Local
  } catch {
    throw new Error('no local stack is running; start it with: npm start')
  }
}

async function push(local: Local, service: string, tag: string, flags: readonly string[]): Promise<void> {
  const body = JSON.stringify({ service, tag, slow: flags.includes('--slow'), failing: flags.includes('--failing') })
  const response = await fetch(`${local.control}/push`, { method: 'POST', body })
  const answer = (await response.json()) as { digest?: string; detail?: string }
  if (!response.ok) throw new Error(answer.detail ?? `the push was answered ${response.status}`)
  process.stdout.write(
    `pushed ${service}:${tag} as ${answer.digest}; watch it with: npm run local -- watch ${service}\n`,
  )
}

async function watch(local: Local, service: string): Promise<void> {
  const client = createClient(local)
  const screen = createScreen()
  let said = ''
  for (;;) {
    const status = await client.status(service)
    if (status.what !== said) screen.say(status.what)
    said = status.what
    screen.show(picture(status, undefined))
    if (status.phase === 'finished' || status.phase === 'idle') return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

async function main([verb, service, tag, ...flags]: readonly string[]): Promise<void> {
  if (verb === '--help' || verb === 'help') {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  const odd = [tag ?? '', ...flags].find((word) => word.startsWith('--') && !FLAGS.includes(word))
  if (odd !== undefined) throw new Error(`${odd} is not known here; there are ${FLAGS.join(' and ')}.\n\n${USAGE}`)
  if (verb === 'token') {
    process.stdout.write(`${await localToken(readLocal(), roleNamed(service ?? 'admin'))}\n`)
    return
  }
  if (verb === undefined || service === undefined) throw new Error(USAGE)
  const local = readLocal()
  if (verb === 'push' && tag !== undefined) return push(local, service, tag, flags)
  if (verb === 'watch') return watch(local, service)
  if (verb === 'status') {
    const { kpis, ...status } = await createClient(local).status(service)
    const figures = kpis.map(({ query: _, ...kpi }) => kpi)
    process.stdout.write(`${JSON.stringify({ ...status, kpis: figures }, null, 2)}\n`)
    return
  }
  if (!VERBS.includes(verb)) throw new Error(USAGE)
  const { because } = await createClient(local).command(service, verb, '')
  process.stdout.write(`${because}\n`)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
