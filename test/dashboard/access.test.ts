import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, missingParts } from '../support/parts.ts'
import { openStage, type Stage } from './browser.ts'

const without = missingParts(CHROMIUM)
const skipped = without === null ? '' : ` (skipped: ${without})`
const AXE = axe.source

/** Every view, what shows that it is there, and what is pressed before it is looked at. */
const VIEWS: readonly (readonly [name: string, view: string, wait: string, ...press: string[]])[] = [
  ['fleet', '#/', 'table.fleet'],
  ['rollout', '#/production/pricing', '.u-wrap', '.evidence summary', '.timeline summary'],
  ['gate', '#/production/checkout', '.gate-facts'],
  ['past rollout', '#/production/pricing/5', '.u-wrap'],
  ['tables behind charts', '#/production/pricing', '.u-wrap', '.chart:nth-child(2) button'],
  ['abort dialog', '#/production/pricing', '.u-wrap', '[data-verb="abort"]'],
  ['audit', '#/audit', '.timeline .row', '.chains button', '.timeline summary'],
  ['approvals', '#/approvals', '.gate'],
  ['freezes', '#/freezes', '.freeze'],
  ['freeze form', '#/freezes', '.freeze', '.page-head .primary'],
  ['quarantine', '#/quarantine', 'table.quarantine', 'table.quarantine summary'],
  ['quarantine, to be dismissed', '#/quarantine', 'table.quarantine', '.quarantine-acts button:last-child'],
  ['delivery', '#/delivery', '.tile', '.tile summary'],
  ['person', '#/', 'table.fleet', '.person summary'],
  ['help', '#/', 'table.fleet', '[aria-label="Keyboard shortcuts"]'],
  ['nothing here', '#/nowhere', '.empty'],
]

const WIDTHS = [
  ['wide', 1280],
  ['360 px', 360],
] as const

describe.skipIf(without !== null)(`every view for everybody${skipped}`, { timeout: 120_000 }, () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
  })
  afterAll(() => stage?.close())

  describe.each(WIDTHS)('%s', (_, width) => {
    test.each(VIEWS)(
      '%s: axe finds nothing, the page is as wide as the screen, and no policy is broken',
      async (_name, view, wait, ...press) => {
        const options = { viewport: { width, height: 800 }, bypassCSP: false }
        const { page, complaints, close } = await stage.open(view, options)
        await page.waitForSelector(wait)
        for (const selector of press) await page.locator(selector).first().click()
        // A press may have scrolled: what lies half beneath the header then is small only there.
        await page.evaluate('scrollTo(0, 0)')
        await putIn(page)
        // Both on one page: opening it takes longer than looking at it.
        for (const colorScheme of width > 1000 ? (['light', 'dark'] as const) : (['light'] as const)) {
          await page.emulateMedia({ colorScheme })
          expect([colorScheme, await findings(page)]).toEqual([colorScheme, []])
        }
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
        expect(complaints).toEqual([])
        await close()
      },
    )
  })
})

/** Puts axe in from outside the page's policy, as a tool of the browser would be. */
async function putIn(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Runtime.evaluate', { expression: AXE })
}

/** What axe finds, each with where. */
async function findings(page: Page): Promise<unknown> {
  const run = `axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'] })
    .then(({ violations }) => violations.map(({ id, nodes }) => ({ id, where: nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' | ' + (node.failureSummary ?? '').slice(0, 200)) })))`
  return page.evaluate(run)
}
