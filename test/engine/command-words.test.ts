import { describe, expect, test } from 'vitest'
import { canonical } from '../../lib/core/chain.ts'
import type { Command } from '../../lib/core/facts.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import { rolloutTag } from '../../lib/core/rollout-tag.ts'
import { recordFor } from '../../lib/engine/answer.ts'
import { obeyCommand } from '../../lib/engine/command.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { CommandRecord } from '../../lib/ports.ts'
import { aCommand, aRollout, finished, KEY, MINUTE, progressing } from '../support/builders.ts'
import { type Answers, loaded, NOW, toldWheel } from './told-wheel.ts'

const BAKES = aRollout(progressing(0, NOW - 20 * MINUTE))
const OVER = aRollout(finished('rolled-back'))

interface Scene extends Answers {
  readonly asked?: Partial<Command> & Pick<Command, 'verb'>
  /** The rollout that it is for. */
  readonly rollout?: string
  readonly known?: Partial<CommandRecord>
}

/** What a command is answered, and what was called for it. */
async function told({ asked = { verb: 'pause' }, rollout, known, ...answers }: Scene = {}) {
  const { wheel, lines } = toldWheel({ stored: [loaded(BAKES)], isBrief: true, ...answers })
  const answered: Wheel['store']['answered'] = async (key, id) => {
    lines.push(`answered ${key.name} ${id}`)
    if (known === undefined) return null
    return { id, verb: 'pause', actor: 'ada', at: 0, rollout: 'pricing-2', answer: 'paused by ada', ...known }
  }
  const infirmary: NonNullable<Wheel['infirmary']> = {
    restingIn: async () => new Set(),
    sickIn: async () => new Set(),
    wake: async (environment, name) => void lines.push(`wake ${environment} ${name}`),
    note: async (environment, turned) => void lines.push(`note ${environment} ${turned.map(({ result }) => result)}`),
  }
  const digest = (text: string) => `digest of ${text}`
  const own: Wheel = { ...wheel, store: { ...wheel.store, answered }, digest, infirmary }
  const command = aCommand(asked.verb, { id: 'c-1', ...asked })
  const answer = await obeyCommand(own, KEY, command, rollout).catch((error) => error)
  return { answer, lines, calls: lines.map((line) => line.replace(/^\+\S+ /, '').split(' ')[0]) }
}

const wishOf = (changes: object = {}) =>
  `digest of ${canonical({ verb: 'pause', actorId: 'id-ada', reason: '', rollout: null, step: null, image: null, to: null, override: false, ...changes })}`
const later =
  (...items: readonly (Rollout | null)[]): NonNullable<Answers['load']> =>
  (_, call) => [loaded(items[call - 1] ?? items.at(-1) ?? null)]

describe('a command', () => {
  test('is obeyed within the call: the answer says what, for which rollout, and that nothing is outstanding', async () => {
    const { answer, lines, calls } = await told()
    expect(answer).toEqual({ kind: 'done', because: 'paused by ada', rollout: 'pricing-2', outstanding: null })
    expect(calls.filter((call) => /^[a-z]/.test(call ?? '') && call !== '')).toEqual([
      'answered',
      'load',
      'wake',
      'load',
      'observe',
      'commit',
      'ring',
      'note',
    ])
    expect(lines).toContain('answered pricing c-1')
    expect(lines).toContain('wake production pricing')
    expect(lines.at(-1)).toBe('note production saved')
  })

  test('is kept with a digest of all that was asked for', async () => {
    let wish: unknown
    const commit: Answers['commit'] = ({ command }) => {
      wish = command?.wish
      return 'saved'
    }
    const asked = { verb: 'pause', reason: 'lunch', step: 2, digest: 'd', to: 'v1', override: true } as const
    await told({ commit, asked, rollout: 'pricing-2' })
    expect(recordFor(aCommand('pause', { id: 'c-1' }), 7, null, 'paused')).toStrictEqual({
      id: 'c-1',
      verb: 'pause',
      actor: 'ada',
      at: 7,
      rollout: null,
      answer: 'paused',
    })
    expect(wish).toBe(wishOf({ reason: 'lunch', step: 2, image: 'd', to: 'v1', override: true, rollout: 'pricing-2' }))
  })

  test('of which Azure does not take the deed says why', async () => {
    const perform = () => {
      throw new Fault('throttled', 'too many calls')
    }
    const { answer } = await told({ asked: { verb: 'abort' }, perform })
    expect(answer).toEqual({
      kind: 'done',
      because: 'aborted by ada',
      rollout: 'pricing-2',
      outstanding: 'too many calls',
    })
  })

  test('that is refused stores nothing, and the service was looked at all the same', async () => {
    const { answer, lines } = await told({ asked: { verb: 'resume' } })
    expect(answer).toEqual({ kind: 'refused', because: 'pricing-2 is not paused; it is in step 1' })
    expect(lines.join()).not.toContain('commit')
    expect(lines).toContain('note production nothing')
  })

  test('whose race is lost is tried eight times, and then thrown back', async () => {
    const { answer, calls } = await told({ commit: () => 'conflict' })
    expect(answer).toBeInstanceOf(Fault)
    expect([answer.kind, answer.message]).toEqual([
      'conflict',
      'pricing changed 8 times while the command was being obeyed; send it again with the same id',
    ])
    expect(calls.filter((call) => call === 'commit')).toHaveLength(8)
    const lucky = await told({ commit: (_, call) => (call === 8 ? 'saved' : 'conflict') })
    expect(lucky.answer).toMatchObject({ kind: 'done' })
  })

  test('on which our own code breaks is noted, and thrown', async () => {
    const commit = () => {
      throw new TypeError('our own bug')
    }
    const { answer, lines } = await told({ commit })
    expect(answer).toEqual(new TypeError('our own bug'))
    expect(lines.at(-1)).toBe('note production broken')
  })

  test('for what is not there, or has no rollout, or another one, is answered so', async () => {
    expect((await told({ load: () => [] })).answer).toEqual({ kind: 'unknown-service' })
    expect((await told({ load: (_, call) => (call === 1 ? [loaded(BAKES)] : []) })).answer).toEqual({
      kind: 'unknown-service',
    })
    const none = [loaded(null)]
    expect((await told({ stored: none })).answer).toEqual({ kind: 'refused', because: 'pricing has no rollout yet' })
    expect((await told({ stored: none, rollout: 'pricing-1' })).answer).toEqual({
      kind: 'refused',
      because: 'the newest rollout is none, not pricing-1',
    })
    expect((await told({ rollout: 'pricing-1' })).answer).toEqual({
      kind: 'refused',
      because: 'the newest rollout is pricing-2, not pricing-1',
    })
  })

  test('is obeyed by an undo, and by a new attempt where the last one is over', async () => {
    const back = await told({ asked: { verb: 'undo' }, stored: [loaded(OVER)] })
    expect(back.calls).toContain('wake')
    expect(back.calls).not.toContain('note')
    const again = await told({ asked: { verb: 'retry' }, stored: [loaded(OVER)] })
    expect(again.answer).toEqual({
      kind: 'done',
      because: 'rollout pricing-3 tries v2 again',
      rollout: 'pricing-3',
      outstanding: null,
    })
    expect((await told({ asked: { verb: 'retry' } })).answer).toMatchObject({ kind: 'refused' })
    expect((await told({ asked: { verb: 'pause' }, stored: [loaded(OVER)] })).answer).toMatchObject({
      kind: 'refused',
      because: expect.not.stringContaining('again'),
    })
  })
})

describe('a command that was sent before', () => {
  test('gives the answer of then, and is done once', async () => {
    const { answer, lines } = await told({ known: { wish: wishOf() } })
    expect(answer).toEqual({ kind: 'repeated', because: 'paused by ada', rollout: 'pricing-2', outstanding: null })
    expect(lines).toEqual(['answered pricing c-1'])
  })

  test('is the same where its sender was known by an earlier id', async () => {
    const known = { wish: wishOf({ actorId: 'old-ada' }), actor: 'somebody' }
    const aliases = { verb: 'pause', aliases: ['older-ada', 'old-ada'] } as const
    expect((await told({ known, asked: aliases })).answer).toMatchObject({ kind: 'repeated' })
    expect((await told({ known })).answer).toEqual({
      kind: 'reused',
      because: 'the command id c-1 was used before by somebody else; take a fresh one',
    })
  })

  test('is another one where anything else was asked for', async () => {
    const reused = (what: string) => ({
      kind: 'reused',
      because: `the command id c-1 was used before for ${what}; take a fresh one`,
    })
    expect((await told({ known: { wish: wishOf({ reason: 'x' }) } })).answer).toEqual(reused('another pause'))
    expect((await told({ known: { wish: wishOf() }, rollout: 'pricing-2' })).answer).toEqual(reused('another pause'))
    expect((await told({ known: { wish: wishOf({ verb: 'abort' }), verb: 'abort' } })).answer).toEqual(reused('abort'))
  })

  test('and kept before wishes were is the same where its verb is', async () => {
    expect((await told({ known: {} })).answer).toMatchObject({ kind: 'repeated', because: 'paused by ada' })
    expect((await told({ known: { verb: 'abort' } })).answer).toMatchObject({ kind: 'reused' })
  })
})

describe('a command for a moment', () => {
  const ifMatch = rolloutTag(BAKES)

  test('that is over does nothing, and tells the tag of now', async () => {
    const moved = aRollout(progressing(1))
    const { answer, calls } = await told({ asked: { verb: 'promote', ifMatch }, load: later(moved) })
    expect(answer).toEqual({
      kind: 'stale',
      because: `it changed since you looked: pricing-2 is progressing in step 2 now. Look at it again, and send the command with If-Match: ${rolloutTag(moved)}`,
      etag: rolloutTag(moved),
    })
    expect(calls).toEqual(['answered', 'load'])
  })

  test('that passes while it is obeyed is stale too, and one that was refused in its moment is refused', async () => {
    const refused = { verb: 'resume', ifMatch } as const
    const { answer } = await told({ asked: refused, load: later(BAKES, BAKES, OVER) })
    expect(answer).toMatchObject({ kind: 'stale', etag: rolloutTag(OVER) })
    expect((await told({ asked: refused })).answer).toMatchObject({ kind: 'refused' })
    const gone = await told({ asked: refused, load: (_, call) => (call < 3 ? [loaded(BAKES)] : []) })
    expect(gone.answer).toMatchObject({ kind: 'refused' })
  })
})
