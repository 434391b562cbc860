import { EXIT, Refusal } from './exit.ts'

/** Options that say where Slipway is and as whom to ask it. */
export interface ConnectionOptions {
  readonly url?: string
  readonly tokenFile?: string
}

/** An address that secrets may be sent to: https, or this machine itself. Throws Refusal. */
export function addressOf(url: string, name: string, example: string): URL {
  const base = URL.canParse(url) ? new URL(url) : null
  if (base === null || !/^https?:$/.test(base.protocol) || base.username !== '' || base.password !== '')
    throw new Refusal(EXIT.usage, `${name} is no address; write it like ${example}`)
  if (base.protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(base.hostname)) return base
  throw new Refusal(EXIT.usage, `${name} would carry a token unencrypted; use https:// (http is for this machine only)`)
}
