import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, missingParts } from '../support/parts.ts'
import { openStage, type Stage } from './browser.ts'
import { busyFleet, moving } from './fixture/fleet.ts'
import { aPerson } from './fixture/lists.ts'

const without = missingParts(CHROMIUM)
const skipped = without === null ? '' : ` (skipped: ${without})`

describe.skipIf(without !== null)(`the dashboard in a browser${skipped}`, { timeout: 120_000 }, () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
  })
  afterAll(() => stage?.close())
  afterEach(() => {
    Object.assign(stage.fixture.scenery, { fleet: busyFleet(), me: aPerson('admin'), refuse: null, mayApprove: true })
    stage.fixture.sent.length = 0
  })

  test('two presses abort a rollout, and the request says which, once, from this page', async () => {
    const { page, close } = await stage.open('#/production/pricing')
    await page.click('[data-verb="abort"]')
    await page.getByText('75 %').first().waitFor()
    await page.click('dialog .danger')
    await page.getByText('it was done').waitFor()
    expect(stage.fixture.sent).toHaveLength(1)
    const [{ path, headers, body }] = stage.fixture.sent as [(typeof stage.fixture.sent)[0]]
    expect(path).toBe('/api/v1/services/pricing/commands/abort')
    expect(headers).toMatchObject({
      'x-slipway-request': '1',
      'idempotency-key': body?.id,
    })
    expect(headers['if-match']).toBe(undefined)
    expect(body).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), rollout: 'pricing-7' })
    await close()
  })

  test('an approval is bound to the step and the digest that were shown', async () => {
    const { page, close } = await stage.open('#/approvals')
    await page.getByRole('button', { name: 'Approve checkout-7' }).click()
    await page.getByRole('button', { name: 'Approve', exact: true }).click()
    await page.getByText('it was done').waitFor()
    expect(stage.fixture.sent[0]?.headers['if-match']).toBe('"checkout-7-progressing-1"')
    expect(stage.fixture.sent[0]?.body).toMatchObject({ step: 3, digest: `sha256:${'ab'.repeat(32)}` })
    await close()
  })

  test('who may do nothing sees no button for it anywhere', async () => {
    stage.fixture.scenery.me = aPerson('viewer')
    stage.fixture.scenery.mayApprove = false
    stage.fixture.scenery.fleet = busyFleet().map((service) => ({ ...service, may: [] }))
    for (const [view, wait] of [
      ['#/production/pricing', '.u-wrap'],
      ['#/approvals', '.gate'],
      ['#/freezes', '.freeze'],
    ] as const) {
      const { page, close } = await stage.open(view)
      await page.waitForSelector(wait)
      const words = await page.locator('main button').allTextContents()
      expect(words.filter((word) => /promote|abort|pause|resume|retry|undo|approve|lift|add/i.test(word))).toEqual([])
      await close()
    }
  })

  test('a freeze is added and lifted with what was written, and breaking the glass takes a reason', async () => {
    const { page, close } = await stage.open('#/freezes')
    await page.getByRole('button', { name: 'Add a freeze' }).click()
    await page.getByLabel('Reason').fill('the database moves')
    await page.getByRole('button', { name: 'Stop the line' }).click()
    await page.getByText('Frozen: the database moves').waitFor()
    expect(stage.fixture.sent[0]?.body).toMatchObject({ environment: 'production', reason: 'the database moves' })
    await page.getByRole('button', { name: 'Lift No releases at the weekend' }).click()
    await page.getByRole('button', { name: 'Lift it' }).click()
    await page.getByText('Lifted: No releases at the weekend').waitFor()
    expect(stage.fixture.sent[1]).toMatchObject({ method: 'DELETE', path: '/api/v1/freezes/production/weekend' })
    await page.goto(`${stage.fixture.url}/api/ui/#/production/checkout`)
    await page.locator('[data-verb="promote"]').click()
    await page.getByLabel(/Break glass/).check()
    await page.getByRole('button', { name: 'Promote now' }).click()
    expect(stage.fixture.sent).toHaveLength(2)
    await page.getByRole('textbox', { name: 'Reason' }).fill('users cannot pay')
    await page.getByRole('button', { name: 'Promote now' }).click()
    await page.getByText('it was done').waitFor()
    expect(stage.fixture.sent[2]?.body).toMatchObject({ override: true, reason: 'users cannot pay' })
    await close()
  })

  test('everything is reached by the keyboard, dialogs keep the focus and give it back', async () => {
    const { page, close } = await stage.open('#/')
    await page.waitForSelector('table.fleet')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    const seen = new Set<string>()
    for (let press = 0; press < 60; press += 1) {
      await page.keyboard.press('Tab')
      seen.add(await focused(page))
    }
    for (const word of ['routing', 'checkout', 'tiles', 'Service', 'Next']) expect([...seen]).toContain(word)
    await page.keyboard.press('Shift+?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    for (let press = 0; press < 5; press += 1) {
      await page.keyboard.press('Tab')
      expect(
        await page.evaluate(
          "document.activeElement === document.body || document.activeElement.closest('dialog') !== null",
        ),
      ).toBe(true)
    }
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('g')
    await page.keyboard.press('a')
    await page.waitForSelector('.timeline .row')
    expect(page.url()).toMatch(/#\/audit$/)
    await page.goto(`${stage.fixture.url}/api/ui/#/production/pricing`)
    await page.locator('[data-verb="abort"]').focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('dialog[open]')
    expect(await focused(page)).toBe('Abort now')
    await page.keyboard.press('Escape')
    await page.locator('[data-verb="abort"]:focus').waitFor()
    await close()
  })

  test('shortcuts can be switched off, and never answer to somebody who writes', async () => {
    const { page, close } = await stage.open('#/')
    await page.waitForSelector('table.fleet')
    await page.keyboard.press('/')
    await page.keyboard.type('?t')
    expect(await page.locator('dialog').count()).toBe(0)
    await page.locator('body').click({ position: { x: 2, y: 400 } })
    await page.keyboard.press('Shift+?')
    await page.getByLabel('Single keys are shortcuts').uncheck()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Shift+?')
    expect(await page.locator('dialog').count()).toBe(0)
    await close()
  })

  test('how the fleet is looked at stands in the address, and the theme stays with the browser', async () => {
    const { page, close } = await stage.open('#/')
    await page.waitForSelector('table.fleet')
    await page.getByRole('button', { name: 'Frozen' }).click()
    await page.getByLabel('Search services').fill('geo')
    await page.waitForURL(/#\/\?group=frozen&text=geo$/)
    await page.getByRole('button', { name: /^Theme/ }).click()
    await page.reload()
    await page.waitForSelector('table.fleet')
    expect(await page.locator('tbody tr').count()).toBe(1)
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light')
    expect(await page.evaluate('Object.keys(localStorage).join()')).toBe('slipway-theme')
    await close()
  })

  test('a change is shown without asking, and said to those who listen', async () => {
    const { page, close } = await stage.open('#/', { isStill: false })
    await page.waitForSelector('table.fleet')
    stage.fixture.scenery.fleet = busyFleet().map((one) =>
      one.service === 'pricing' && one.environment === 'production'
        ? moving('pricing', 50, { step: { number: 3, of: 4 } })
        : one,
    )
    await page.getByRole('status').filter({ hasText: 'production/pricing: v7.1.0 Progressing, step 3 of 4' }).waitFor()
    await page
      .getByRole('row', { name: /pricing production/ })
      .getByText('3 of 4', { exact: true })
      .waitFor()
    await close()
  })

  // The page's clock is the real one here, and the server's is the fixture's: times are told by the server's alone.
  test('without answers it says since when, keeps what it knew, and comes back by itself', {
    timeout: 240_000,
  }, async () => {
    const { page, close } = await stage.open('#/', { isStill: false })
    await page.waitForSelector('table.fleet')
    stage.fixture.scenery.refuse = 0
    await page.getByText(/^Offline since \d\d:\d\d/).waitFor()
    expect(await page.locator('tbody tr').count()).toBe(10)
    stage.fixture.scenery.refuse = 503
    await page.getByText(/^Stale since/).waitFor()
    stage.fixture.scenery.refuse = null
    await page.getByText('Live', { exact: true }).waitFor()
    await close()
  })

  test('who was not signed in yet is asked to, after one question, and is told of no session', async () => {
    stage.fixture.scenery.refuse = 401
    const { page, complaints, close } = await stage.open('#/production/pricing')
    await page.getByRole('heading', { name: 'Sign in to Slipway' }).waitFor()
    expect(await page.locator('main').innerText()).not.toMatch(/session/)
    expect(complaints).toHaveLength(1)
    await close()
  })

  test('what is not there is said in words for people, with the way back', async () => {
    for (const [view, said] of [
      ['#/production/princing', 'There is no service “princing” in production.'],
      ['#/production/pricing/99', 'pricing has no rollout 99.'],
    ] as const) {
      const { page, close } = await stage.open(view)
      await page.getByText(said).waitFor()
      expect(await page.locator('main').innerText()).not.toMatch(/api|GET/)
      await page.getByRole('link', { name: 'Go to the fleet' }).click()
      await page.waitForSelector('table.fleet')
      await close()
    }
  })

  test('what is being rolled back already has no button to abort it', async () => {
    const { page, close } = await stage.open('#/production/fares')
    await page.waitForSelector('.step.is-failed')
    expect(await page.locator('[data-verb="abort"]').count()).toBe(0)
    expect(await page.locator('.missing').count()).toBe(0)
    await close()
  })

  test('a session that ends leads to the sign-in and back to the same place', async () => {
    const { page, close } = await stage.open('#/production/pricing', { isStill: false })
    await page.waitForSelector('.u-wrap')
    stage.fixture.scenery.refuse = 401
    const link = page.getByRole('link', { name: 'Sign in' })
    await link.waitFor()
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor()
    expect(await link.getAttribute('href')).toBe(
      `/api/auth/sign-in?back=${encodeURIComponent('/api/ui/#/production/pricing')}`,
    )
    await close()
  })
})

/** What the element with the focus says. */
function focused(page: Page): Promise<string> {
  return page.evaluate("(document.activeElement?.innerText ?? '').trim()")
}
