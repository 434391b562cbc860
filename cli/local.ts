import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, Refusal } from './exit.ts'

/** What the command reads of `.slipway/local.json`, which the local stack writes. */
export interface LocalStack {
  /** Base of the API, e.g. `http://127.0.0.1:40001/api`. */
  readonly api: string
  /** Where images are published, as a team's pipeline would. */
  readonly control: string
  readonly auth?: {
    readonly issuer: string
    readonly tokenUrl: string
    readonly clientId: string
    readonly clientSecret: string
    readonly audience: string
    /** What is asked for; absent = `<audience>/.default`. */
    readonly scope?: string
  }
}

/** The local stack that runs from this folder; null where none does. Throws Refusal where the file cannot be read. */
export function localStack(cwd: string): LocalStack | null {
  const file = join(cwd, '.slipway', 'local.json')
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LocalStack
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Refusal(EXIT.error, `${file} cannot be read; stop the local stack and start it again with npm start`, {
      cause,
    })
  }
}
