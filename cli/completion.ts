import type { Command } from 'commander'
import { everyCommand } from './tree-parts.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

/** What may be written after the words of a command. */
interface Place {
  /** The words after `slipway`: `audit list`; '' for the command alone. */
  readonly words: string
  readonly commands: readonly Word[]
  readonly options: readonly Word[]
  /** What its first argument is. */
  readonly argument: 'service' | 'file' | 'words' | 'none'
  readonly choices: readonly string[]
}

interface Word {
  readonly text: string
  readonly about: string
}

/** Asks for the services by name, quickly and without a word where that fails. */
const SERVICES = `slipway services --json --no-input 2>/dev/null | tr ',' '\\n' | sed -n 's/.*"service":"\\([a-z0-9-]*\\)".*/\\1/p' | sort -u`

/** A script that completes commands, options, and names of services (which the service itself is asked for). */
export function completionScript(tree: Command, shell: Shell): string {
  const places = everyCommand(tree).map(placeOf)
  return { bash, zsh, fish }[shell](places)
}

function placeOf(command: Command): Place {
  const [argument] = command.registeredArguments
  const root = rootOf(command)
  const options = [...new Set([...command.options, ...root.options])].flatMap(({ long, description }) =>
    long === null || long === undefined ? [] : [{ text: long, about: description }],
  )
  const name = argument?.name() ?? ''
  return {
    words: wordsOf(command).join(' '),
    commands: command.commands.map((one) => ({ text: one.name(), about: one.summary() })),
    options: [...options, { text: '--help', about: 'print help' }],
    argument:
      argument === undefined ? 'none' : name.startsWith('service') ? 'service' : name === 'file' ? 'file' : 'words',
    choices: argument?.argChoices ?? [],
  }
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent)
}

function wordsOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...wordsOf(command.parent), command.name()]
}

function bash(places: readonly Place[]): string {
  const cases = places.map(({ words, commands, options, argument, choices }) => {
    const texts = [...commands.map(({ text }) => text), ...choices].join(' ')
    const more = argument === 'service' ? ` $(${SERVICES})` : ''
    const files = argument === 'file' ? '; files=yes' : ''
    return `    "${words}") options="${options.map(({ text }) => text).join(' ')}"; [[ $current == -* ]] || texts="${texts}${more}"${files} ;;`
  })
  return `# Completion for bash. Use it: source <(slipway completion bash)
_slipway() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="" word texts="" options="" files=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$words $word" in
${groupsOf(places)
  .map((path) => `      "${path.includes(' ') ? '' : ' '}${path}") words="${path}" ;;`)
  .join('\n')}
    esac
  done
  case "$words" in
${cases.join('\n')}
  esac
  if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n $files ]]; then COMPREPLY=($(compgen -f -- "$current"))
  else COMPREPLY=($(compgen -W "$texts" -- "$current")); fi
}
complete -F _slipway slipway`
}

/** Every path of words that is a command, longest last. */
function groupsOf(places: readonly Place[]): readonly string[] {
  return places.map(({ words }) => words).filter((words) => words !== '')
}

function zsh(places: readonly Place[]): string {
  const quoted = ({ text, about }: Word) => `'${text}:${about.replaceAll("'", "'\\''").replaceAll(':', '\\:')}'`
  const cases = places.map(({ words, commands, options, argument, choices }) => {
    const texts = [...commands, ...choices.map((text) => ({ text, about: '' }))]
    const lines = [
      `    '${words}')`,
      `      if [[ $current == -* ]]; then local -a options=(${options.map(quoted).join(' ')}); _describe option options; return; fi`,
      ...(texts.length === 0 ? [] : [`      local -a texts=(${texts.map(quoted).join(' ')}); _describe command texts`]),
      ...(argument === 'service'
        ? [`      local -a services=(\${(f)"$(${SERVICES})"}); _describe service services`]
        : []),
      ...(argument === 'file' ? ['      _files'] : []),
      '      ;;',
    ]
    return lines.join('\n')
  })
  return `#compdef slipway
# Completion for zsh. Use it: slipway completion zsh > "\${fpath[1]}/_slipway"
_slipway() {
  local current="\${words[CURRENT]}" place="" word
  for word in "\${words[@]:1:$((CURRENT - 2))}"; do
    case "$place $word" in
${groupsOf(places)
  .map((path) => `      '${path.includes(' ') ? '' : ' '}${path}') place='${path}' ;;`)
  .join('\n')}
    esac
  done
  case "$place" in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _slipway ]]; then _slipway "$@"; else compdef _slipway slipway; fi`
}

function fish(places: readonly Place[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const lines = places.flatMap(({ words, commands, options, argument, choices }) => {
    const when = `-n ${quoted(`__slipway_at '${words}'`)}`
    return [
      ...commands.map(({ text, about }) => `complete -c slipway ${when} -f -a ${text} -d ${quoted(about)}`),
      ...choices.map((text) => `complete -c slipway ${when} -f -a ${text}`),
      ...options.map(({ text, about }) => `complete -c slipway ${when} -l ${text.slice(2)} -d ${quoted(about)}`),
      ...(argument === 'service' ? [`complete -c slipway ${when} -f -a ${quoted(`(${SERVICES})`)}`] : []),
      ...(argument === 'file' ? [`complete -c slipway ${when} -F`] : []),
    ]
  })
  return `# Completion for fish. Use it: slipway completion fish > ~/.config/fish/completions/slipway.fish
function __slipway_at
  set -l place ''
  for word in (commandline -opc)[2..-1]
    set -l longer (string trim "$place $word")
    contains -- $longer ${groupsOf(places).map(quoted).join(' ')}; and set place $longer
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}`
}
