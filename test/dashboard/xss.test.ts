import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ServiceView } from '../../lib/api.ts'
import { CHROMIUM, missingParts } from '../support/parts.ts'
import { openStage, type Stage } from './browser.ts'
import { GATE, moving } from './fixture/fleet.ts'
import { aPerson, someFreezes } from './fixture/lists.ts'

const without = missingParts(CHROMIUM)
const skipped = without === null ? '' : ` (skipped: ${without})`

/** Texts that have been code somewhere. Each would set `pwned` or leave an element behind. */
const CORPUS: readonly string[] = [
  '<script>window.pwned=1</script>',
  '<img src=x onerror="window.pwned=1">',
  '<svg/onload=window.pwned=1>',
  '"><iframe srcdoc="<script>parent.pwned=1</script>">',
  "'-window.pwned=1-'",
  'javascript:window.pwned=1',
  '<a href="javascript:window.pwned=1">x</a>',
  '<math><mtext><table><mglyph><style><img src=x onerror=window.pwned=1>',
  '{{constructor.constructor("window.pwned=1")()}}',
  '</title><script>window.pwned=1</script>',
  '<form action=//evil><input name=x>',
  '\u202Egnp.exe\u2066',
]

/** The same value with every text that people or registries may write replaced. */
function poisoned(service: ServiceView, text: string): ServiceView {
  return {
    ...service,
    tag: text,
    what: text,
    why: text,
    next: text,
    trouble: text,
    pending: [text],
    gate: { ...GATE, author: text, from: [text], given: [{ by: text, at: GATE.given[0]?.at ?? '', expiresAt: null }] },
    freeze: { id: 'x', reason: text, by: text, until: null },
    kpis: service.kpis.map((kpi) => ({ ...kpi, because: text, missing: text, query: text, silent: text, kpi: text })),
  }
}

describe.skipIf(without !== null)(`free text is text${skipped}`, { timeout: 120_000 }, () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
  })
  afterAll(() => stage?.close())

  test.each(CORPUS)('%s', async (text) => {
    const { scenery } = stage.fixture
    scenery.fleet = [poisoned(moving('pricing', 25), text)]
    scenery.me = aPerson('admin', text)
    scenery.freezes = someFreezes().map((freeze) => ({ ...freeze, reason: text, by: text }))
    scenery.rows = (rows) =>
      rows.map((row) => ({
        ...row,
        notes: text,
        actor: text,
        sentence: text,
        kind: text as typeof row.kind,
        detail: { text },
      }))
    const { page, complaints, close } = await stage.open('#/')
    for (const [view, wait] of [
      ['#/', 'table.fleet'],
      ['#/production/pricing', '.timeline .row'],
      ['#/approvals', '.gate'],
      ['#/freezes', '.freeze'],
      ['#/audit', '.timeline .row'],
    ] as const) {
      await page.goto(`${stage.fixture.url}/api/ui/${view}`)
      await page.waitForSelector(wait)
      expect(await page.locator('main').innerText()).toContain(text)
      const found = await page.evaluate(
        "[window.pwned ?? null, document.querySelectorAll('main script, main img, main iframe, main math, main style, main form').length, [...document.querySelectorAll('a')].filter((a) => !/^https?:/.test(a.href)).length, document.querySelectorAll('[onerror],[onload]').length]",
      )
      expect(found).toEqual([null, 0, 0, 0])
    }
    expect(complaints).toEqual([])
    await close()
  })
})
