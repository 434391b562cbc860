import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command, Option } from 'commander'
import { EXIT_MEANINGS } from '../cli/exit.ts'
import { TOPICS, VARIABLES } from '../cli/topics.ts'
import { createTree } from '../cli/tree.ts'
import { everyCommand, pathOf } from '../cli/tree-parts.ts'

/** Where the reference of the command line lies. */
export const CLI_FILE = fileURLToPath(new URL('../docs/cli.md', import.meta.url))

/** The reference of the command line, made of its tree of commands: the text of docs/cli.md. */
export function renderCliReference(): string {
  const tree = createTree(() => async () => {})
  const commands = everyCommand(tree).filter((command) => command !== tree && command.commands.length === 0)
  return [
    HEAD,
    '## Exit codes\n',
    'The same for every command.\n',
    tableOf(
      ['Code', 'Meaning'],
      EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
    ),
    '## Environment variables\n',
    tableOf(
      ['Name', 'Meaning'],
      VARIABLES.map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
    `\`\`\`text\n${(TOPICS.environment?.text() ?? '').split('\n\n').slice(1).join('\n\n')}\n\`\`\`\n`,
    '## JSON\n',
    `\`\`\`text\n${TOPICS.json?.text()}\n\`\`\`\n`,
    '## Options of every command\n',
    optionsOf(tree.options),
    '## Commands\n',
    ...commands.map(sectionOf),
  ].join('\n')
}

const HEAD = `# The command line \`slipway\`

Made of the command's own tree by \`npm run cli-docs\`. After \`npm ci\`, \`npx slipway services\` asks the local stack that
\`npm start\` runs; \`SLIPWAY_URL\` and a login name another. A recorded session: [cli-session.md](cli-session.md). Data go to standard
output, talk to standard error. Nothing is asked where nobody can answer, and what wants a yes then wants \`--yes\`; an abort never asks.
\`get --watch\` renews itself on a terminal and prints a line per change in a pipe. \`status --wait\` is for pipelines:

\`\`\`sh
slipway push pricing "$TAG" --digest "$DIGEST" --wait --timeout 2h     # 0 promoted, 3 rolled back, 4 too late, 5 a person is needed
\`\`\`
`

function sectionOf(command: Command): string {
  const names = command.registeredArguments.map((one) => {
    const name = `${one.name()}${one.variadic ? '...' : ''}`
    return one.required ? ` <${name}>` : ` [${name}]`
  })
  const options = command.options.length === 0 ? '' : `\n${optionsOf(command.options)}`
  const synopsis = `\`\`\`text\n${pathOf(command)}${names.join('')}${command.options.length === 0 ? '' : ' [options]'}\n\`\`\``
  return `### ${pathOf(command)}\n\n${synopsis}\n\n${marked(command.description())}\n${options}`
}

function optionsOf(options: readonly Option[]): string {
  const rows = options.map(({ flags, description, defaultValue, argChoices }) => {
    const choices = argChoices === undefined ? '' : ` (${argChoices.map((choice) => `\`${choice}\``).join(', ')})`
    const isTold = defaultValue !== undefined && typeof defaultValue !== 'boolean'
    const preset = isTold ? `; default \`${flags.includes('<length>') ? '30m' : defaultValue}\`` : ''
    return [`\`${flags}\``, `${marked(description)}${choices}${preset}`]
  })
  return tableOf(['Option', 'Meaning'], rows)
}

/** Nothing in a text may look like a tag or end a cell. */
function marked(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(heads), `|${heads.map(() => '---|').join('')}`, ...rows.map(line), ''].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CLI_FILE, renderCliReference())
