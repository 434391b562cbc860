import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { buildDashboard } from '../../scripts/build-dashboard.ts'
import { CHROMIUM, findProgram } from '../support/parts.ts'
import { NOW } from './fixture/fleet.ts'
import { type Fixture, type Scenery, startFixture } from './fixture/server.ts'

/** Starts a real Chromium, as quiet as it can be. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram(CHROMIUM.program) ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--font-render-hinting=none',
    ],
  })
}

/** A browser and a fixture that stay up for a whole file of tests. */
export interface Stage {
  readonly browser: Browser
  readonly fixture: Fixture
  /** A page of its own at a view, with the clock at the fixture's moment; what its console complains of is kept. */
  open(view: string, options?: BrowserContextOptions & { readonly isStill?: boolean }): Promise<Opened>
  close(): Promise<void>
}

export interface Opened {
  readonly page: Page
  /** Errors, and what the policies of the page forbade. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** Builds the dashboard, serves it on the fixture, and starts a browser. */
export async function openStage(changes: Partial<Scenery> = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-ui-'))
  await buildDashboard(folder)
  const [fixture, browser] = await Promise.all([startFixture(folder, changes), startBrowser()])
  return {
    browser,
    fixture,
    open: (view, options) => openPage(browser, `${fixture.url}/api/ui/${view}`, options),
    close: async () => {
      await browser.close()
      await fixture.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Opens an address in a context of its own. */
export async function openPage(
  browser: Browser,
  address: string,
  { isStill = true, ...options }: BrowserContextOptions & { readonly isStill?: boolean } = {},
): Promise<Opened> {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 860 },
    ...options,
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  if (isStill) await page.clock.setFixedTime(NOW)
  await page.goto(address)
  return { page, complaints, close: () => context.close() }
}
