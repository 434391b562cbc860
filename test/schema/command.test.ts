import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COMMAND_VERBS, isCommandVerb, readCommand } from '../../lib/schema/command.ts'

describe('the body of a command', () => {
  it('may be absent', () => {
    const fields = { id: null, reason: null, rollout: null, step: null, digest: null, to: null, override: false }
    const nothing = { ok: true, command: fields }
    expect(readCommand(undefined, 'promote')).toEqual(nothing)
    expect(readCommand(null, 'promote')).toEqual(nothing)
    expect(readCommand({}, 'promote')).toEqual(nothing)
  })

  it('keeps what the operator said', () => {
    const digest = `sha256:${'ab'.repeat(32)}`
    const said = { id: 'b7a3 #1', reason: 'p95 looks odd – stop', rollout: 'pricing-7', step: 2, digest, to: 'v1.2' }
    expect(readCommand(said, 'promote')).toEqual({ ok: true, command: { ...said, override: false } })
    expect(readCommand({ ...said, override: true }, 'promote')).toEqual({
      ok: true,
      command: { ...said, override: true },
    })
  })

  it('breaks no glass with a verb that nothing holds back, and needs no reason for it', () => {
    for (const verb of ['abort', 'pause', 'undo', 'resume'] as const)
      expect(readCommand({ override: true }, verb)).toMatchObject({ ok: true, command: { override: false } })
  })

  it.each([
    [{ id: '' }, 'id'],
    [{ id: 'x'.repeat(129) }, 'id'],
    [{ id: 'two\nlines' }, 'id'],
    [{ id: 7 }, 'id'],
    [{ actor: 'Zoë' }, 'actor'],
    [{ reason: 'x'.repeat(501) }, 'reason'],
    [{ reason: 'forged\nline' }, 'reason'],
    [{ reason: 'turned \u202e round' }, 'reason'],
    [{ rollout: '../pricing' }, 'rollout'],
    [{ step: 0 }, 'step'],
    [{ step: 1.5 }, 'step'],
    [{ step: '1' }, 'step'],
    [{ digest: 'sha256:AB' }, 'digest'],
    [{ to: '' }, 'to'],
    [{ to: 'x'.repeat(129) }, 'to'],
    [{ override: 'yes' }, 'override'],
    [{ override: true }, 'reason'],
    [{ override: true, reason: 'too short' }, 'reason'],
    [{ override: true, reason: '   spaces   ' }, 'reason'],
  ])('%j is refused at %s', (body, path) => {
    const read = readCommand(body, 'promote')
    expect(read.ok ? [] : read.issues.map((issue) => issue.path)).toEqual([path])
  })

  it('names the field that an unknown key may have meant', () => {
    const read = readCommand({ reson: 'typo' }, 'promote')
    expect(read).toEqual({
      ok: false,
      issues: [{ path: 'reson', message: '`reson` is not known here. Did you mean `reason`?' }],
    })
  })

  it('tells all that is wrong at once', () => {
    const read = readCommand({ id: '', actor: 1, extra: true }, 'promote')
    expect(read.ok ? [] : read.issues.map((issue) => issue.path).sort()).toEqual(['actor', 'extra', 'id'])
  })

  it('never throws and never lets other fields through', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        const read = readCommand(body, 'promote')
        return !read.ok || Object.keys(read.command).join() === 'id,reason,rollout,step,digest,to,override'
      }),
    )
  })
})

it('the eight verbs are known and no other word is', () => {
  expect(COMMAND_VERBS.filter(isCommandVerb)).toHaveLength(8)
  expect(isCommandVerb('undone')).toBe(false)
  expect(isCommandVerb('constructor')).toBe(false)
})
