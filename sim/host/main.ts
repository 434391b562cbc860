/**
 * The local Functions host as a process of its own. Its environment is the app's settings; besides, it reads
 * HOST_ENTRY (the bundle), HOST_JSON (path of host.json), HOST_KEY, HOST_MASTER_KEY, HOST_PORT (default: a free one),
 * HOST_TIMER_STATUS (a file), HOST_LEASE_MS (how long a message is hidden while its function runs) and HOST_LOG_LEVEL; settings
 * AzureFunctionsJobHost__* go before host.json. When it is ready it prints one line of JSON to stdout:
 * `{"url":"http://127.0.0.1:…","functions":[…]}`. SIGTERM and SIGINT close it gracefully; logs go to stderr.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { format } from 'node:util'
import { queueServiceOf } from './connection.ts'
import { createHost, type HostOptions } from './host.ts'
import { withOverrides } from './host-json.ts'
import { createLog, type LogLevel, textOf, writeToStderr } from './log.ts'

const log = createLog(writeToStderr, 'information', () => Date.now())

function required(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`Set ${name}: see the head of sim/host/main.ts.`)
  return value
}

function optionsFromEnvironment(): HostOptions {
  const { HOST_MASTER_KEY: master, HOST_TIMER_STATUS: status, HOST_LEASE_MS: lease, ...others } = process.env
  const { HOST_PORT, HOST_LOG_LEVEL, ...settings } = others
  return {
    entry: resolve(required('HOST_ENTRY')),
    hostJson: withOverrides(JSON.parse(readFileSync(required('HOST_JSON'), 'utf8')), settings),
    settings,
    keys: { host: required('HOST_KEY'), ...(master === undefined ? {} : { master }) },
    queues: (connection) => queueServiceOf(settings, connection),
    port: Number(HOST_PORT ?? 0),
    logLevel: (HOST_LOG_LEVEL ?? 'information') as LogLevel,
    ...(status === undefined ? {} : { timerStatusFile: status }),
    ...(lease === undefined ? {} : { leaseMs: Number(lease) }),
  }
}

/** stdout belongs to the one line of JSON: what the app prints becomes log lines. */
function captureConsole(): void {
  const say =
    (level: LogLevel) =>
    (...args: unknown[]) =>
      log(level, 'Host.Function.Console', format(...args))
  Object.assign(console, {
    log: say('information'),
    info: say('information'),
    warn: say('warning'),
    error: say('error'),
  })
}

async function main(): Promise<void> {
  captureConsole()
  const host = await createHost(optionsFromEnvironment())
  const close = () => {
    host.close().then(
      () => process.exit(0),
      (error) => {
        log('critical', 'Host.Shutdown', textOf(error))
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', close).once('SIGINT', close)
  process.stdout.write(`${JSON.stringify({ url: host.url, functions: host.functions })}\n`)
}

main().catch((error) => {
  log('critical', 'Host.Startup', textOf(error))
  process.exit(1)
})
