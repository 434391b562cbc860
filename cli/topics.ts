import { EXIT_MEANINGS } from './exit.ts'
import { hanging } from './terminal.ts'

/** Environment variables that the command reads, in the order in which a newcomer needs them. */
export const VARIABLES: readonly (readonly [name: string, meaning: string])[] = [
  ['SLIPWAY_URL', 'where Slipway is, e.g. https://slipway.example.com; --url goes before it'],
  ['SLIPWAY_TOKEN', 'a bearer token; --token-file FILE goes before it'],
  ['SLIPWAY_CLIENT_ID', 'a machine’s login: its client id'],
  ['SLIPWAY_CLIENT_SECRET', 'a machine’s login: its secret; where it is set, the machine’s login is used'],
  ['SLIPWAY_TOKEN_URL', 'a machine’s login: https://login.microsoftonline.com/TENANT/oauth2/v2.0/token'],
  ['SLIPWAY_AUDIENCE', 'for whom tokens are, e.g. api://slipway; without a machine’s login az is asked for one'],
  ['NO_COLOR', 'not empty: no colours; --no-color does the same'],
  ['SLIPWAY_ASCII', 'not empty: no signs beyond ASCII; a locale without UTF-8 does the same'],
]

/** What `slipway help TOPIC` says beyond the commands. */
export const TOPICS: Readonly<Record<string, { readonly about: string; readonly text: () => string }>> = {
  'exit-codes': { about: 'what each exit code means', text: exitCodes },
  environment: { about: 'environment variables, and as whom is asked', text: environment },
  json: { about: 'what --json prints', text: json },
}

function exitCodes(): string {
  return [
    'Exit codes, the same for every command:',
    ...EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`),
  ].join('\n')
}

function environment(): string {
  const width = Math.max(...VARIABLES.map(([name]) => name.length))
  return [
    'Environment variables:',
    ...VARIABLES.flatMap(([name, meaning]) => hanging(`  ${name.padEnd(width)}  `, meaning, width + 4, 80)),
    '',
    'Where is asked: --url, SLIPWAY_URL, or the local stack that runs from this',
    'folder (npm start writes .slipway/local.json).',
    'As whom, the first that is there: --token-file, SLIPWAY_TOKEN, the login of the',
    'local stack, SLIPWAY_CLIENT_SECRET with its three companions, or the Azure CLI',
    '(az login) for SLIPWAY_AUDIENCE. Tokens go over https only, or to this machine.',
  ].join('\n')
}

function json(): string {
  return [
    'With --json standard output holds what the HTTP API answered, and nothing else:',
    '  lists       {"items": […], "nextLink": null}, all pages put together',
    '  get, status the body of GET /api/v1/services/{name}/status, or of a past rollout',
    '  get --watch one such body a line, whenever it changed (NDJSON)',
    '  commands    the answer to the command; with --dry-run {"dryRun", "would", …}',
    '  refusals    on standard error: {"exit", "message", "problem"}; problem is the',
    '              RFC 9457 document of the service, or null',
    'Shapes are those of /api/openapi.json. Talk goes to standard error at all times.',
  ].join('\n')
}
