import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { healthyProfile } from '../../sim/azure/image-profile.ts'
import { wallClock } from '../../sim/clock.ts'
import { createLoad, type Load } from '../../sim/load.ts'
import { REGISTRY_HOST } from '../../sim/start/local-azure.ts'
import { acrPush } from '../../sim/start/webhook.ts'
import { manifest } from '../functions/manifests.ts'
import { openScene, type Scene } from '../functions/scene.ts'
import { CHROMIUM, missingParts } from '../support/parts.ts'
import { type Opened, openPage, startBrowser } from './browser.ts'

const without = missingParts(CHROMIUM)
const skipped = without === null ? '' : ` (skipped: ${without})`
const PATIENCE_MS = 90_000

describe.skipIf(without !== null)(`on the real app${skipped}`, { timeout: 240_000 }, () => {
  let scene: Scene
  let browser: Browser
  let load: Load | null = null

  beforeAll(async () => {
    const ramp = '[{ setWeight: 10 }, { bake: 4s }, { setWeight: 50 }, { bake: 1h }, { setWeight: 100 }]'
    const gated = '[{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }]'
    scene = await openScene(
      [
        manifest({ name: 'pricing', steps: ramp, minRequests: 3 }),
        manifest({ name: 'routing', steps: gated, minRequests: 3 }),
      ],
      { SLIPWAY_SWEEP_SCHEDULE: '* * * * * *' },
    )
    const streams = ['pricing', 'routing'].map((name) => ({
      name,
      url: scene.stack.local.services[name] ?? '',
      rps: 40,
    }))
    load = createLoad({ streams, clock: wallClock })
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await load?.close()
    await scene?.close()
  })

  /** Signs in by browser as somebody, and comes back to a view. */
  const enter = async (role: string, view: string): Promise<Opened> => {
    const { api } = scene.stack.local
    const back = encodeURIComponent(`/api/ui/${view}`)
    const opened = await openPage(browser, `${api}/auth/sign-in?as=${role}&back=${back}`, { isStill: false })
    opened.page.setDefaultTimeout(PATIENCE_MS)
    return opened
  }

  const push = async (service: string, tag: string): Promise<void> => {
    const { azure } = scene.stack
    const digest = azure.publish(service, tag, healthyProfile(tag))
    azure.world.behave(`${REGISTRY_HOST}/${service}@${digest}`, { readyAfterMs: 1500 })
    expect((await scene.hook('acr', acrPush(REGISTRY_HOST, service, tag, digest))).status).toBe(202)
  }

  test('a stranger is asked to sign in, and comes back as whom they are to where they wanted to be', async () => {
    const { page, close } = await openPage(browser, `${scene.stack.local.api}/ui/#/approvals`, { isStill: false })
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Approvals' }).waitFor()
    expect(page.url()).toMatch(/\/api\/ui\/#\/approvals$/)
    await page.locator('.person summary').click()
    await page.getByText('may also freeze, override and store manifests').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    await close()
  })

  test('an Operator watches a canary ramp by its KPIs, and aborts it with two presses', async () => {
    const { page, complaints, close } = await enter('operator', '#/production/pricing')
    await page.getByText('No rollout yet.').waitFor()
    await push('pricing', 'v2')
    await page.locator('.step.now').getByText('10 %').waitFor()
    await page.locator('.leaf.canary .leaf-weight').getByText('10 %').waitFor()
    await page.locator('.evidence').first().waitFor()
    await page.locator('.step.now').getByText('50 %').waitFor()
    await page.locator('.leaf.canary .leaf-weight').getByText('50 %').waitFor()
    await page.locator('.u-wrap').first().waitFor()
    expect(await page.locator('[data-verb="promote"]').count()).toBe(0)
    await page.locator('[data-verb="abort"]').click()
    await page.getByRole('button', { name: 'Abort now' }).click()
    await page.locator('.rollout-head').getByText('Aborted').waitFor()
    await page.locator('.timeline').getByText('Rollback confirmed').waitFor()
    await page.locator('.leaf.stable .leaf-weight').getByText('100 %').waitFor()
    expect(complaints).toEqual([])
    await close()
  })

  test('a Viewer sees the gate and no button, and is refused where they forge the request; an Approver opens it', async () => {
    await push('routing', 'v2')
    const viewer = await enter('viewer', '#/production/routing')
    await viewer.page.getByText('Waits at a gate').first().waitFor()
    expect(await viewer.page.locator('[data-verb]').count()).toBe(0)
    const forged = `fetch('/api/v1/services/routing/commands/promote?environment=production', { method: 'POST', headers: { 'x-slipway-request': '1', 'content-type': 'application/json' }, body: JSON.stringify({ id: crypto.randomUUID() }) }).then(({ status }) => status)`
    expect(await viewer.page.evaluate(forged)).toBe(403)
    await viewer.close()
    const approver = await enter('approver', '#/approvals')
    await approver.page.getByRole('button', { name: /^Approve routing/ }).click()
    await approver.page.getByRole('button', { name: 'Approve', exact: true }).click()
    await approver.page.getByText('No gate waits.').waitFor()
    await approver.page.goto(`${scene.stack.local.api}/ui/#/production/routing`)
    await approver.page.locator('.rollout-head').getByText('Promoted').waitFor()
    expect(approver.complaints).toEqual([])
    await approver.close()
  })

  test('the audit shows what was done and by whom, and its chain is whole', async () => {
    const { page, close } = await enter('admin', '#/audit?environment=production&service=pricing')
    await page.locator('.timeline').getByText('Rollback started').first().waitFor()
    await page.getByRole('button', { name: 'Verify the chain of pricing' }).click()
    await page.getByText(/pricing: intact, \d+ rows/).waitFor()
    await page.goto(`${scene.stack.local.api}/ui/#/delivery?days=7`)
    await page.getByRole('heading', { name: 'Change failure rate' }).waitFor()
    await page.getByText('1 of 2').first().waitFor()
    await close()
  })
})
