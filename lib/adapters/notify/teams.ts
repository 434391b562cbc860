import { type Notice, shortened } from '../../core/notice.ts'
import { Fault } from '../../errors.ts'
import type { Notifier, Secrets } from '../../ports.ts'
import { faultOfAnswer } from './answers.ts'
import type { Outbound } from './outbound.ts'
import { factsOf } from './said.ts'

/** What telling a Teams channel or chat is made of. */
export interface TeamsOptions {
  readonly send: Outbound
  readonly secrets: Secrets
  /** Key Vault's name of the workflow's whole URL: whoever has it may post. */
  readonly secret: string
  /** The host that the URL must have. */
  readonly host: string
}

/**
 * Posts an Adaptive Card to a Teams workflow ("When a Teams webhook request is received"). Such a workflow knows no threads:
 * the card's title begins with the rollout. Throws Fault.
 */
export function createTeams({ send, secrets, secret, host }: TeamsOptions): Notifier {
  return {
    hasThreads: false,
    tell: async (notice) => {
      const [address = ''] = await secrets.read(secret)
      const url = URL.parse(address.trim())
      if (url?.host !== host)
        throw new Fault('denied', `Secret ${secret} holds no URL with the host ${host}: put the workflow's URL there`)
      const answer = await send(
        url,
        { 'content-type': 'application/json; charset=utf-8' },
        JSON.stringify(bodyOf(notice)),
      )
      if (answer.status >= 200 && answer.status < 300) return null
      throw faultOfAnswer('Teams', answer)
    },
  }
}

const COLOURS = { info: 'Accent', warning: 'Warning', critical: 'Attention', resolved: 'Good' } as const
/** Teams takes 28 KB a message. */
const LONGEST_SENTENCE = 4_000

/** The envelope and card of Adaptive Cards 1.5; text runs, unlike text blocks, read no Markdown. */
function bodyOf(notice: Notice): Readonly<Record<string, unknown>> {
  const { title, sentence, severity, link, gate } = notice
  const run = (text: string, style: Readonly<Record<string, unknown>>) => {
    return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] }
  }
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.5',
    msteams: { width: 'Full' },
    body: [
      run(title, { weight: 'Bolder', size: 'Medium', color: COLOURS[severity] }),
      run(shortened(sentence, LONGEST_SENTENCE), {}),
      { type: 'FactSet', facts: factsOf(notice).map(([name, value]) => ({ title: name, value: escaped(value) })) },
    ],
    actions:
      link === null
        ? []
        : [{ type: 'Action.OpenUrl', title: gate === null ? 'Open in Slipway' : 'Open the gate', url: link }],
  }
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card }
  return { type: 'message', attachments: [attachment] }
}

/** Facts read some Markdown: a name that an operator chose is to stay what it is. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]()#!>~-]/g, '\\$&')
}
