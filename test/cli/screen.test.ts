import { expect, test } from 'vitest'
import { createFrame } from '../../cli/frame.ts'
import type { Io } from '../../cli/io.ts'
import { type Shown, statusLines } from '../../cli/print-status.ts'
import { tableText } from '../../cli/print-table.ts'
import { NO_RELEASES } from '../../cli/releases.ts'
import { cut, visible } from '../../cli/terminal.ts'
import { anEvidence, aView } from './stub.ts'

const NOW = Date.parse('2026-11-21T10:10:45Z')

/** A terminal that keeps what is drawn on it. */
function aTerminal(change: Partial<Io> & { readonly columns?: number; readonly rows?: number } = {}) {
  const drawn: string[] = []
  const { columns = 80, rows = 50, ...rest } = change
  const io = {
    write: () => {},
    talk: () => {},
    draw: (text: string) => drawn.push(text),
    isTty: true,
    isColoured: false,
    isUnicode: true,
    size: () => ({ columns, rows }),
    ...rest,
  } as unknown as Io
  return { io, drawn }
}

function aShown(view = aView(), more: Partial<Shown> = {}): Shown {
  return { view, releases: NO_RELEASES, receivedAt: NOW, isPast: false, place: '', ...more }
}

const BUSY = aView({
  trouble: 'ARM answers 429 to every write, and asks to wait',
  freeze: { id: 'xmas', reason: 'the holidays', by: 'ada@example.com', until: '2026-12-27T00:00:00.000Z' },
  pending: ['v3', 'v4'],
  gate: {
    step: 1,
    digest: aView().digest ?? '',
    required: 2,
    given: [{ by: 'ada@example.com', at: '2026-11-21T10:00:00.000Z', expiresAt: '2026-11-22T10:00:00.000Z' }],
    from: ['ada@example.com', 'bob@example.com'],
    notAuthor: true,
    author: 'eve@example.com',
    expiresAt: '2026-11-22T10:10:45.000Z',
  },
  kpis: [
    anEvidence(),
    anEvidence({
      kpi: 'errors',
      role: 'guard',
      verdict: 'fail',
      value: 0.02,
      missing: null,
      because: 'errors 2 % (20 of 1,000), over 0.1 %',
    }),
    anEvidence({
      kpi: 'a-kpi-with-a-long-name',
      verdict: 'error',
      value: null,
      total: null,
      bad: null,
      silent: 'Log Analytics answers 503',
    }),
  ],
})

test('the first lines say what, why, what is next and when, and how to stop it', () => {
  const text = statusLines(aTerminal().io, aShown(), NOW).slice(0, 8).join('\n')
  expect(text).toContain('◌ pricing-7 · v2 · progressing · step 1 of 3')
  expect(text).toMatch(/^What {5}pricing-7 \(v2\) is in step 1$/m)
  expect(text).toMatch(/^Why {6}inconclusive: p95: 2,400 more requests needed$/m)
  expect(text).toMatch(/^Next {5}step 2 of 3 with 50 % when the KPIs hold over the whole step$/m)
  expect(text).toMatch(/^ {9}in 4m 11s, at /m)
  expect(text).toMatch(/^Stop it {2}slipway abort pricing$/m)
})

test('the countdown ticks on between two answers, by the clock of this machine', () => {
  const { io } = aTerminal()
  const at = (now: number) => statusLines(io, aShown(), now).join('\n')
  expect(at(NOW + 60_000)).toContain('in 3m 11s')
  expect(at(NOW + 251_000)).toContain('looked at again any moment')
  const elsewhere = { ...aView(), nextAt: '2031-01-01T00:00:00.000Z' }
  expect(statusLines(io, aShown(elsewhere), NOW).join('\n')).toContain('in 4m 11s')
})

test('weights are told as they are and as they are wanted, each revision with its release', () => {
  const release = { tag: 'v1', digest: `sha256:${'0a0b0c0d'.repeat(8)}`, madeAt: NOW - 90_000_000 }
  const releases = { rollout: null, byRevision: new Map([['pricing--r6-0a0b0c0d', release]]) }
  const lines = statusLines(aTerminal().io, aShown(aView(), { releases }), NOW)
  expect(lines.find((line) => line.includes('stable pricing--r6'))).toMatch(/├─ .*█+░ +95 % +90 %$/)
  expect(lines.find((line) => line.includes('canary pricing--r7'))).toMatch(/└─ .*█▒░+ +5 % +10 %$/)
  expect(lines.join('\n')).toContain('v1 · sha256:0a0b0c0d · 1d 1h old')
})

test('KPIs are told with figure, limit, stable, sample, verdict, evidence, and what a pass still needs', () => {
  const text = statusLines(aTerminal().io, aShown(BUSY), NOW).join('\n')
  expect(text).toMatch(/^\? p95 +3\.1 % +5 % +2\.9 % +1,000 +inconclusive$/m)
  expect(text).toContain('1.9 % to 4.7 % with 95 % confidence · evidence against it 0.4 of 500 needed')
  expect(text).toContain('missing for a pass: 2,400 more requests')
  expect(text).toMatch(/^✖ errors \(guard\) +2 %.* fail$/m)
  expect(text).toContain('errors 2 % (20 of 1,000), over 0.1 %')
  expect(text).toContain('Log Analytics answers 503')
})

test('a gate tells who gave a yes, who may, and what happens when nobody does; freeze and trouble stand above all', () => {
  const text = statusLines(aTerminal().io, aShown(BUSY), NOW)
    .join('\n')
    .replaceAll(/\n {9}/g, ' ')
  expect(text).toContain('Trouble  ! ARM answers 429')
  expect(text).toContain('Frozen   ! the holidays (xmas, by ada@example.com, until Dec 27')
  expect(text).toContain('after step 1, for sha256:1febbce9: 1 of 2 approvals')
  expect(text).toContain('✔ ada@example.com at ')
  expect(text).toContain(
    'may be approved by ada@example.com, bob@example.com, not the author of the push (eve@example.com)',
  )
  expect(text).toContain('rolled back in 1d')
  expect(text).toContain('v3, v4 waits to be rolled out')
})

test('freezes that nobody can read are no freeze that somebody could lift', () => {
  const freeze = { id: 'unreadable', reason: 'no answer', by: 'slipway', until: null, unreadable: true } as const
  const text = statusLines(aTerminal().io, aShown(aView({ freeze })), NOW)
    .join('\n')
    .replaceAll(/\n {9}/g, ' ')
  expect(text).toContain(
    'Frozen   ! nobody can read which freezes hold (no answer), so all that is new waits until they can',
  )
  expect(text).not.toContain('lifted')
})

test('what the caller may not do is told with who to ask, and nothing is told of what is over', () => {
  const text = statusLines(aTerminal().io, aShown(aView({ may: ['abort'] })), NOW).join('\n')
  expect(text).toContain('Go on    slipway promote pricing  (not you: slipway whoami)')
  expect(statusLines(aTerminal().io, aShown(aView(), { isPast: true }), NOW).join('\n')).not.toContain('slipway abort')
})

test.each([80, 100, 60, 200])('no line is wider than a terminal of %i columns', (columns) => {
  for (const isColoured of [false, true]) {
    const lines = statusLines(aTerminal({ columns, isColoured }).io, aShown(BUSY), NOW)
    expect(lines.filter((line) => visible(line) > columns)).toEqual([])
  }
})

test('without Unicode every sign is ASCII', () => {
  const text = statusLines(aTerminal({ isUnicode: false }).io, aShown(BUSY), NOW).join('\n')
  expect(text).toMatch(/^[\x20-\x7e\n]*$/)
})

test('a frame writes each picture at once over the last one, cut to the terminal, and gives the cursor back', () => {
  const { io, drawn } = aTerminal({ columns: 10, rows: 4 })
  const frame = createFrame(io)
  frame.show(['one', 'a line that is too long', 'three', 'four', 'five'])
  frame.show(['two'])
  frame.close()
  frame.close()
  expect(drawn).toEqual([
    '\u001b[?2026h\u001b[?25l\u001b[2Kone\n\u001b[2Ka line th…\n\u001b[2K… 3 more …\n\u001b[J\u001b[?2026l',
    '\u001b[?2026h\u001b[3A\r\u001b[2Ktwo\n\u001b[J\u001b[?2026l',
    '\u001b[?25h',
  ])
})

test('a table is cut on a terminal, in its flexible columns alone, and never in a pipe', () => {
  const columns = [{ head: 'ID' }, { head: 'WHY', isFlexible: true }, { head: 'N', isRight: true }]
  const rows = [['production/pricing#7', 'because of a reason that takes a lot of room', '12']]
  const onTerminal = tableText(aTerminal({ columns: 40 }).io, columns, rows).split('\n')
  expect(onTerminal).toEqual(['ID                    WHY              N', 'production/pricing#7  because of a …  12'])
  const inPipe = tableText(aTerminal({ columns: 40, isTty: false }).io, columns, rows)
  expect(inPipe).toContain('takes a lot of room  12')
})

test('a line is cut by what is seen of it, and its colour is closed', () => {
  expect(cut('\u001b[31mabcdef\u001b[0m', 4)).toBe('\u001b[31mabc\u001b[0m…\u001b[0m'.replace('\u001b[0m…', '…'))
  expect(cut('abc', 3)).toBe('abc')
})
