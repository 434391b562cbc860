import type { AuditRow } from '../../../lib/core/audit.ts'
import { explainEvidence } from '../../../lib/core/explain.ts'
import type { Command, Verb } from '../../../lib/core/facts.ts'
import { weightsText } from '../../../lib/core/format.ts'
import type { Notice } from '../../../lib/core/notice.ts'
import type { Push } from '../../../lib/core/service.ts'
import { gateView, type Status, statusOf } from '../../../lib/core/status.ts'
import { freezesNow } from '../../../lib/engine/frozen.ts'
import type { Stage } from '../../../sim/runner.ts'
import type { Hand, LogEntry } from '../../../sim/world/types.ts'
import { expectSound, PRICING, pricingManifest } from '../../support/story.ts'

/** A story while it is told: what somebody does, and after it all that was written down and done because of it. */
export interface Telling {
  readonly stage: Stage
  push(push: Push): Promise<void>
  command(verb: Verb, options?: Partial<Command>): Promise<void>
  /** A foreign hand at the app. */
  edit(words: string, change: (hand: Hand) => void): Promise<void>
  /** Something else that somebody does, in words. */
  act(words: string, work: () => unknown): Promise<void>
  run(ms: number): Promise<void>
  until(what: string, done: () => boolean, withinMs: number): Promise<void>
  /** What a person is told who asks now. */
  status(): Promise<void>
  /** The whole story; nothing in it may be broken. */
  end(): Promise<string>
}

/** Tells what happens on a stage from now on, word by word. Times count from now. */
export function telling(stage: Stage): Telling {
  const began = stage.clock.now()
  const lines: string[] = []
  const known = stage.store.auditOf(PRICING).length
  let rows = known
  let environmentRows = 0
  let deeds = stage.world.log.length
  const say = (at: number, text: string) => lines.push(`${timeText(at - began)} ${text}`)
  const news = () => {
    const written = stage.store.auditOf(PRICING).slice(rows)
    const environmental = stage.store.environmentAudit('production').slice(environmentRows)
    const done = stage.world.log.slice(deeds)
    rows += written.length
    environmentRows += environmental.length
    deeds += done.length
    const told = [
      ...[...environmental, ...written].map((row) => [row.happenedAt, rowText(row)] as const),
      ...done.filter(({ actor }) => actor === 'slipway').map((entry) => [entry.at, deedText(entry)] as const),
    ]
    for (const [at, text] of told.toSorted(([a], [b]) => a - b)) say(at, text)
  }
  const act = async (words: string, work: () => unknown) => {
    const answer = await work()
    say(stage.clock.now(), `> ${words}${answer === undefined ? '' : ` = ${String(answer)}`}`)
    news()
  }
  return {
    stage,
    act,
    push: (push) =>
      act(`push ${push.tag} (${push.eventId})`, async () => {
        const records = await stage.push(push)
        return records.map(({ outcome, rollout, reason }) => `${outcome} ${rollout ?? '-'}: ${reason}`).join(' | ')
      }),
    command: (verb, options = {}) =>
      act(`${options.actor ?? 'olga'}: ${verb}${argumentsText(options)}`, async () => {
        const answer = await stage.command(PRICING, verb, options)
        return JSON.stringify(answer)
      }),
    edit: (words, change) => act(`by hand: ${words}`, () => stage.world.edit(pricingManifest().target, change)),
    run: async (ms) => {
      await stage.run(ms)
      news()
    },
    until: async (what, done, withinMs) => {
      await stage.runUntil(what, done, withinMs)
      news()
    },
    status: async () => {
      for (const line of await statusLines(stage)) say(stage.clock.now(), `? ${line}`)
    },
    end: async () => {
      expectSound(stage)
      for (const { notice } of await stage.store.outbox.unsent('production', 200))
        if (notice.service === null || notice.seq > known) say(notice.at, `! ${told(notice)}`)
      return `${lines.join('\n').replaceAll(/sha256:(\d{4})\d{60}/g, 'sha256:$1…')}\n`
    },
  }
}

function timeText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const [hours, rest] = [Math.floor(seconds / 3600), seconds % 3600]
  const two = (n: number) => String(n).padStart(2, '0')
  return `${hours}:${two(Math.floor(rest / 60))}:${two(rest % 60)}`
}

function argumentsText(options: Partial<Command>): string {
  const { id: _, actor: _who, actorId: _whoId, ...given } = options
  return Object.keys(given).length === 0 ? '' : ` ${JSON.stringify(given)}`
}

function rowText(row: AuditRow): string {
  const { kind, metric, value, step, actor, rollout, notes, weightsBefore, weightsAfter, evidence, detail } = row
  const figure = metric === 'none' && value === null ? '' : ` [${metric} ${value}]`
  const weights =
    weightsAfter === null
      ? ''
      : ` {${weightsBefore === null ? '' : `${weightsText(weightsBefore)} → `}${weightsText(weightsAfter)}}`
  return [
    `${kind} ${rollout ?? '-'}${step === null ? '' : `/${step}`} by ${actor}${figure}: ${notes}${weights}`,
    ...(detail === null ? [] : [`    detail ${JSON.stringify(detail)}`]),
    ...evidence.map((item) => `    ${explainEvidence(item)}`),
  ].join('\n')
}

function deedText({ kind, body }: LogEntry): string {
  return `  * ${kind} ${JSON.stringify(body)}`
}

async function statusLines(stage: Stage): Promise<readonly string[]> {
  const loaded = stage.store.peek(PRICING)
  if (loaded === null || loaded === undefined) return ['nothing']
  const now = stage.clock.now()
  const freeze = (await freezesNow(stage.wheel, 'production'))(PRICING.name, now)
  const status = statusOf(loaded.service, loaded.rollout, now, freeze)
  const gate = loaded.rollout === null ? null : gateView(loaded.rollout, now)
  return [...wordsOf(status), ...(gate === null ? [] : [`gate ${JSON.stringify(gate)}`])]
}

function wordsOf(status: Status): readonly string[] {
  const { what, why, next, nextAt, step, weights, trouble, pending, freeze, commands, outcome } = status
  return [
    `${what}${outcome === null ? '' : ` [${outcome}]`}; because ${why}`,
    `next ${next} (${nextAt ?? 'no time'})`,
    `step ${step === null ? '-' : `${step.number} of ${step.of}`}, wanted ${JSON.stringify(weights.wanted)}, actual ${JSON.stringify(weights.actual)}`,
    `commands ${commands.join(' ')}${pending.length === 0 ? '' : `; pending ${pending.join(' ')}`}`,
    ...(trouble === null ? [] : [`trouble ${trouble}`]),
    ...(freeze === null ? [] : [`freeze ${JSON.stringify(freeze)}`]),
  ]
}

function told({ severity, ends, closes, title, step, gate, outcome, link, actor, kind }: Notice): string {
  const over = `${ends === null ? '' : ` ends-${ends}`}${closes ? ' closes' : ''}`
  const where = step === null ? '' : ` (${step.number} of ${step.of})`
  const waits = gate === null ? '' : ` gate: ${gate.says} ${JSON.stringify({ ...gate, says: '' })}`
  return `${kind} ${severity}${over}: ${title}${where}${outcome === null ? '' : ` [${outcome}]`} by ${actor}${waits}${link ?? ''}`
}
