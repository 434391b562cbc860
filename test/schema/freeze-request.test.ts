import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFreezeRequest } from '../../lib/schema/freeze-request.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const LEAST = { environment: 'production', reason: 'the database is being moved' }
const read = (more: object) => readFreezeRequest({ ...LEAST, ...more }, NOW)

function timeOf(more: object) {
  const answer = read(more)
  return answer.ok ? answer.freeze.time : answer.issues.map(({ path, message }) => `${path}: ${message}`)
}

describe('a request for a freeze', () => {
  it('stops the line where it names no time', () => {
    const freeze = { id: null, environment: 'production', services: null, time: { kind: 'stop' }, reason: LEAST.reason }
    expect(read({})).toEqual({ ok: true, freeze })
  })

  it('keeps its id, and names every service once', () => {
    const answer = read({ id: 'db-move.1', services: ['pricing', 'basket', 'pricing'] })
    expect(answer).toMatchObject({ ok: true, freeze: { id: 'db-move.1', services: ['pricing', 'basket'] } })
  })

  it('holds once, from a moment or from now', () => {
    const until = Date.parse('2026-12-27T08:00:00+01:00')
    expect(timeOf({ from: '2026-12-23T18:00:00+01:00', until: '2026-12-27T08:00:00+01:00' })).toEqual({
      kind: 'once',
      from: Date.parse('2026-12-23T17:00:00Z'),
      until,
    })
    expect(timeOf({ until: '2026-12-27T07:00:00Z' })).toEqual({ kind: 'once', from: NOW, until })
  })

  it('holds at times that recur', () => {
    expect(timeOf({ cron: ' 0 18 * * FRI ', timeZone: 'Europe/Berlin', duration: '62h' })).toEqual({
      kind: 'recurring',
      cron: '0 18 * * FRI',
      timeZone: 'Europe/Berlin',
      durationMs: 62 * 3_600_000,
    })
  })

  it.each([
    [{ from: '2026-12-23T18:00:00Z' }, 'until', 'is missing'],
    [{ from: 'friday', until: '2026-12-27T07:00:00Z' }, 'from', 'is no moment'],
    [{ until: 'monday' }, 'until', 'is no moment'],
    [{ until: '2026-11-21T11:00:00Z' }, 'until', 'is past'],
    [{ from: '2026-12-27T08:00:00Z', until: '2026-12-27T07:00:00Z' }, 'until', 'later than `from`'],
    [{ until: '2028-12-27T07:00:00Z' }, 'until', 'more than 365 days'],
    [{ cron: '0 18 * * FRI', duration: '1h' }, 'timeZone', 'is missing'],
    [{ cron: '0 18 * * FRI', timeZone: 'UTC' }, 'duration', 'is missing'],
    [{ timeZone: 'UTC', duration: '1h' }, 'cron', 'is missing'],
    [{ cron: '0 18 * * FRI', timeZone: 'UTC', duration: 'long' }, 'duration', 'is no duration'],
    [{ cron: '0 18 * * FRI', timeZone: 'UTC', duration: '5s' }, 'duration', 'too short'],
    [{ cron: '0 18 * * FRI', timeZone: 'UTC', duration: '366d' }, 'duration', 'too long'],
    [{ cron: '99 18 * * FRI', timeZone: 'UTC', duration: '1h' }, 'cron', 'is no pattern'],
    [{ cron: '0 18 * * FRI', until: '2026-12-27T07:00:00Z' }, 'cron', 'the one or the other'],
    [{ id: 'a/b' }, 'id', 'it names the freeze'],
    [{ id: 'a b', until: 'monday' }, 'id', 'it names the freeze'],
  ])('%j is refused at %s', (more, path, words) => {
    const answer = read(more)
    const first = answer.ok ? undefined : answer.issues[0]
    expect(first?.path).toBe(path)
    expect(first?.message).toContain(words)
  })

  it('is refused without a reason, and with keys that are not known', () => {
    expect(readFreezeRequest({ environment: 'production' }, NOW)).toMatchObject({
      ok: false,
      issues: [{ path: 'reason' }],
    })
    expect(read({ durations: '1h' })).toMatchObject({ ok: false, issues: [{ path: 'durations' }] })
  })

  it('is never read by a throw', () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => typeof readFreezeRequest(body, NOW).ok === 'boolean'))
  })
})
